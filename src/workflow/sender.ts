import type { Clock } from '../contract/clock.ts';
import { type Completion, type Listenable, ON_END } from '../contract/end-listener.ts';
import type { TaskHandle, TaskOptions } from '../contract/handle.ts';
import type { Outcome } from '../contract/outcome.ts';
import { SendLine } from './send-line.ts';
import type { Sending, SendTarget } from './sending.ts';

/** As much of an engine as workflows use: what any caller can use. */
export interface WorkflowEngine {
  submit(target: SendTarget, input: unknown, options?: TaskOptions): TaskHandle;
}

/**
 * The engine, as it never gives a task to its overflow: there it would run later, for nobody, while its run waits. What
 * can be aborted is never offered to an overflow, so that is what these tasks are.
 */
export function withoutOverflow(engine: WorkflowEngine): WorkflowEngine {
  const { signal } = new AbortController();
  return { submit: (target, input, options) => engine.submit(target, input, { ...options, signal }) };
}

/**
 * Submits tasks, the most urgent first: only as many as the engine begins soon, the others wait in a line, one for each
 * target. What is shed goes back to its place in it, and nothing else is submitted to that target until the engine said;
 * then one after the other until one is shed again. Nothing spins.
 */
export class Sender {
  readonly #engine: WorkflowEngine;
  readonly #clock: Clock;
  readonly #lines = new Map<string, SendLine>();
  #isClosed = false;
  #dropped = 0;
  #sent = 0;

  constructor(engine: WorkflowEngine, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /** Tasks that wait to be submitted. */
  get waiting(): number {
    let waiting = 0;
    for (const line of this.#lines.values()) waiting += line.waiting.size;
    return waiting;
  }

  /** The agent, or the capability, whose tasks the engine has shed. */
  get held(): string | undefined {
    for (const line of this.#lines.values()) if (line.isShed && line.waiting.size > 0) return line.name;
    return undefined;
  }

  /** How long tasks for this target take once they have begun, in milliseconds; `undefined` while none has ended. */
  serviceMs(target: SendTarget): number | undefined {
    return this.#lines.get(keyOf(target))?.serviceMs;
  }

  /** Which share of their time, 0 to 1, its tasks wait for the engine before they run; 0 while nothing is known. */
  waitShare(target: string | undefined): number {
    for (const line of this.#lines.values()) if (line.name === target) return line.waitShare;
    return 0;
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
    const line = this.#lineOf(sending);
    sending.tie = ++this.#sent;
    if (line.waiting.size === 0 && line.isOpen) {
      this.#submit(sending, line);
      return;
    }
    line.waiting.push(sending);
    this.#lookLater(line);
  }

  /** Its end is told as for any other, unless it had ended. */
  cancel(sending: Sending): void {
    if (sending.isCancelled) return;
    sending.isCancelled = true;
    if (sending.heapIndex < 0) {
      sending.handle?.cancel();
      return;
    }
    const line = this.#lineOf(sending);
    line.waiting.remove(sending);
    sending.ended({ status: 'refused', error: undefined });
    this.#forgetEmpty(line);
  }

  /** What waits, and what comes, stays unsent. */
  close(): void {
    this.#isClosed = true;
    for (const { stopTimer } of this.#lines.values()) stopTimer?.();
  }

  #lineOf({ target }: Sending): SendLine {
    const key = keyOf(target);
    let line = this.#lines.get(key);
    if (line === undefined) {
      line = new SendLine(target, this.#ended);
      this.#lines.set(key, line);
    }
    return line;
  }

  /** @returns whether the next one may follow */
  #submit(sending: Sending, line: SendLine): boolean {
    let handle: TaskHandle;
    try {
      handle = this.#engine.submit(sending.target, sending.input, sending.options);
    } catch (error) {
      sending.ended({ status: 'refused', error });
      return true;
    }
    if (handle.state === 'rejected') {
      // At once: those that are sent before its outcome is read shall find it in the line.
      this.#putBack(sending, line);
      void handle.outcome.then((outcome) => this.#shed(sending, line, outcome));
      return false;
    }
    sending.handle = handle;
    sending.line = line;
    line.submitted(sending);
    if (ON_END in handle) (handle as Listenable)[ON_END](sending);
    else void handle.outcome.then((outcome) => sending.taskEnded(outcome));
    return true;
  }

  readonly #ended = (sending: Sending, line: SendLine, outcome: Completion | Outcome): void => {
    line.left(sending);
    if (outcome.status === 'rejected') {
      // It was taken, and is shed late.
      sending.handle = undefined;
      this.#putBack(sending, line);
      this.#shed(sending, line, outcome);
      return;
    }
    line.note(outcome);
    sending.ended(outcome);
    if (line.waiting.size > 0) this.#advance(line);
  };

  #putBack(sending: Sending, line: SendLine): void {
    line.isShed = true;
    line.waiting.push(sending);
  }

  /** It stands in the line, unless it was cancelled there. */
  #shed(sending: Sending, line: SendLine, outcome: Outcome): void {
    if (outcome.status !== 'rejected') throw new Error('workflow: a task that was shed has another outcome');
    if (sending.isCancelled && sending.heapIndex >= 0) {
      line.waiting.remove(sending);
      sending.ended(outcome);
    }
    this.#forgetEmpty(line);
    if (!line.isShed || this.#isClosed) return;
    const waitMs = Math.max(1, outcome.error.retryAfterMs);
    line.stopTimer ??= this.#clock.schedule(waitMs, () => {
      line.stopTimer = undefined;
      line.isShed = false;
      this.#advance(line);
    });
  }

  #advance(line: SendLine): void {
    if (this.#isClosed) return;
    let hasSubmitted = false;
    while (line.isOpen) {
      const first = line.waiting.peek();
      if (first === undefined) return;
      line.waiting.remove(first);
      if (!this.#submit(first, line)) return;
      hasSubmitted = true;
    }
    if (hasSubmitted) this.#lookLater(line);
  }

  /** The engine begins tasks once what runs now has returned; from then on, the end of one is the sign to go on. */
  #lookLater(line: SendLine): void {
    if (line.isDue || line.isShed) return;
    line.isDue = true;
    this.#clock.defer(() => {
      line.isDue = false;
      line.turned();
      this.#advance(line);
    });
  }

  /** While nobody waits, nothing has to be waited for. */
  #forgetEmpty(line: SendLine): void {
    if (line.waiting.size > 0) return;
    line.stopTimer?.();
    line.stopTimer = undefined;
    line.isShed = false;
  }
}

function keyOf(target: SendTarget): string {
  return typeof target === 'string' ? target : `any ${target.capability}`;
}
