import type { Clock } from '../contract/clock.ts';
import type { TaskHandle, TaskOptions } from '../contract/handle.ts';
import type { Outcome } from '../contract/outcome.ts';

/** As much of an engine as workflows use: what any caller can use. */
export interface WorkflowEngine {
  submit(target: string | { readonly capability: string }, input: unknown, options?: TaskOptions): TaskHandle;
}

/**
 * The engine, as it never gives a task to its overflow: there it would run later, for nobody, while its run waits. What
 * can be aborted is never offered to an overflow, so that is what these tasks are.
 */
export function withoutOverflow(engine: WorkflowEngine): WorkflowEngine {
  const { signal } = new AbortController();
  return { submit: (target, input, options) => engine.submit(target, input, { ...options, signal }) };
}

/** A task that a run has asked for. */
export interface Sending {
  readonly target: string | { readonly capability: string };
  readonly input: unknown;
  readonly options: TaskOptions;
  /** Called once, with how it ended; an outcome `rejected` only if it was cancelled. */
  readonly ended: (outcome: Outcome | { readonly status: 'refused'; readonly error: unknown }) => void;
  handle: TaskHandle | undefined;
  isCancelled: boolean;
}

/** Those of one target that wait to be submitted again. */
interface Line {
  readonly waiting: Sending[];
  stopTimer: (() => void) | undefined;
}

/**
 * Submits tasks. What is shed waits at the head of a line, one for each target, and is submitted again when the engine said,
 * one after the other, until one is shed again. While one waits nothing else is submitted to that target: nothing spins, and
 * nobody is overtaken.
 */
export class Sender {
  readonly #engine: WorkflowEngine;
  readonly #clock: Clock;
  /** By target. Only those in which somebody waits. */
  readonly #lines = new Map<string, Line>();
  #isClosed = false;
  #dropped = 0;
  /** How often the engine has shed one of ours. */
  sheds = 0;
  /** Which share of their time tasks waited in the engine lately, by who was asked. */
  readonly #waits = new Map<string, number>();

  constructor(engine: WorkflowEngine, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /** Tasks that wait to be submitted again. */
  get waiting(): number {
    return [...this.#lines.values()].reduce((sum, { waiting }) => sum + waiting.length, 0);
  }

  /** The agent, or the capability, for which the first of them waits. */
  get held(): string | undefined {
    for (const { waiting } of this.#lines.values()) {
      const [first] = waiting;
      if (first !== undefined) return nameOf(first.target);
    }
    return undefined;
  }

  /** Which share of their time, 0 to 1, its tasks wait in the engine before they run; 0 while nothing is known. */
  waitShare(target: string | undefined): number {
    return this.#waits.get(target ?? '') ?? 0;
  }

  /** Tasks that will not be sent any more, as the engine closes: they are neither done nor failed. */
  get dropped(): number {
    return this.#isClosed ? this.#dropped + this.waiting : 0;
  }

  send(sending: Sending): void {
    if (this.#isClosed) {
      this.#dropped++;
      return;
    }
    const line = this.#lines.size === 0 ? undefined : this.#lines.get(keyOf(sending));
    if (line !== undefined) line.waiting.push(sending);
    else this.#submit(sending);
  }

  /** Its end is told as for any other, unless it had ended. */
  cancel(sending: Sending): void {
    if (sending.isCancelled) return;
    sending.isCancelled = true;
    if (this.#leave(sending)) sending.ended({ status: 'refused', error: undefined });
    else sending.handle?.cancel();
  }

  /** @returns whether it stood in a line */
  #leave(sending: Sending): boolean {
    const key = keyOf(sending);
    const line = this.#lines.get(key);
    const at = line === undefined ? -1 : line.waiting.indexOf(sending);
    if (at < 0) return false;
    line!.waiting.splice(at, 1);
    this.#forgetEmpty(key);
    return true;
  }

  /** @returns whether the next one may follow */
  #submit(sending: Sending): boolean {
    let handle: TaskHandle;
    try {
      handle = this.#engine.submit(sending.target, sending.input, sending.options);
    } catch (error) {
      sending.ended({ status: 'refused', error });
      return true;
    }
    if (handle.state === 'rejected') {
      // At once: those that are sent before its outcome is read shall find it in the line.
      this.#putFirst(sending);
      void handle.outcome.then((outcome) => this.#shed(sending, outcome));
      return false;
    }
    sending.handle = handle;
    void handle.outcome.then((outcome) => {
      if (outcome.status !== 'rejected') {
        this.#note(sending, outcome);
        sending.ended(outcome);
        return;
      }
      // It was taken, and is shed late.
      sending.handle = undefined;
      this.#putFirst(sending);
      this.#shed(sending, outcome);
    });
    return true;
  }

  #note({ target }: Sending, { timing: { waitMs, totalMs } }: Outcome): void {
    if (totalMs === 0) return;
    const name = nameOf(target);
    const before = this.#waits.get(name) ?? 0;
    this.#waits.set(name, before + 0.1 * (waitMs / totalMs - before));
  }

  #putFirst(sending: Sending): void {
    const key = keyOf(sending);
    const line = this.#lines.get(key);
    if (line === undefined) this.#lines.set(key, { waiting: [sending], stopTimer: undefined });
    else line.waiting.unshift(sending);
  }

  /** It stands in the line, unless it was cancelled there. */
  #shed(sending: Sending, outcome: Outcome): void {
    this.sheds++;
    if (outcome.status !== 'rejected') throw new Error('workflow: a task that was shed has another outcome');
    if (sending.isCancelled && this.#leave(sending)) sending.ended(outcome);
    const key = keyOf(sending);
    const line = this.#lines.get(key);
    if (line === undefined || this.#isClosed) return;
    const waitMs = Math.max(1, outcome.error.retryAfterMs);
    line.stopTimer ??= this.#clock.schedule(waitMs, () => this.#again(key, line));
  }

  #again(key: string, line: Line): void {
    line.stopTimer = undefined;
    // One that is shed stands at the head of the line again.
    while (line.waiting.length > 0) if (!this.#submit(line.waiting.shift()!)) return;
    this.#forgetEmpty(key);
  }

  #forgetEmpty(key: string): void {
    const line = this.#lines.get(key);
    if (line === undefined || line.waiting.length > 0) return;
    line.stopTimer?.();
    this.#lines.delete(key);
  }

  /** What waits, and what comes, stays unsent. */
  close(): void {
    this.#isClosed = true;
    for (const { stopTimer } of this.#lines.values()) stopTimer?.();
  }
}

function keyOf({ target }: Sending): string {
  return typeof target === 'string' ? target : `any ${target.capability}`;
}

function nameOf(target: Sending['target']): string {
  return typeof target === 'string' ? target : target.capability;
}
