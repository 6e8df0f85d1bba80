import type { Clock } from '../contract/clock.ts';
import type { TaskHandle, TaskOptions } from '../contract/handle.ts';
import type { Outcome } from '../contract/outcome.ts';

/** As much of an engine as workflows use: what any caller can use. */
export interface WorkflowEngine {
  submit(target: string | { readonly capability: string }, input: unknown, options?: TaskOptions): TaskHandle;
}

/** A task that a run has asked for. */
export interface Sending {
  readonly target: string | { readonly capability: string };
  readonly input: unknown;
  readonly options: TaskOptions;
  /** Called once, with how it ended; an outcome `rejected` only if the engine is closed. */
  readonly ended: (outcome: Outcome | { readonly status: 'refused'; readonly error: unknown }) => void;
  handle: TaskHandle | undefined;
  isCancelled: boolean;
}

/**
 * Submits tasks. What is shed waits in a line and is submitted again when the engine said, one after the other, until one
 * is shed again: nothing spins, and nobody is overtaken for ever.
 */
export class Sender {
  readonly #engine: WorkflowEngine;
  readonly #clock: Clock;
  #line: Sending[] = [];
  #stopTimer: (() => void) | undefined;
  /** How often the engine has shed one of ours. */
  sheds = 0;

  constructor(engine: WorkflowEngine, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /** Tasks that wait to be submitted again. */
  get waiting(): number {
    return this.#line.length;
  }

  send(sending: Sending): void {
    if (this.#line.length > 0) this.#line.push(sending);
    else this.#submit(sending);
  }

  /** Its end is told as for any other, unless it had ended. */
  cancel(sending: Sending): void {
    if (sending.isCancelled) return;
    sending.isCancelled = true;
    if (sending.handle !== undefined) {
      sending.handle.cancel();
      return;
    }
    const at = this.#line.indexOf(sending);
    if (at < 0) return;
    this.#line.splice(at, 1);
    sending.ended({ status: 'refused', error: undefined });
  }

  #submit(sending: Sending): boolean {
    let handle: TaskHandle;
    try {
      handle = this.#engine.submit(sending.target, sending.input, sending.options);
    } catch (error) {
      sending.ended({ status: 'refused', error });
      return true;
    }
    if (handle.state === 'rejected') {
      void handle.outcome.then((outcome) => this.#shed(sending, outcome));
      return false;
    }
    sending.handle = handle;
    void handle.outcome.then((outcome) => {
      if (outcome.status === 'rejected') this.#shed(sending, outcome);
      else sending.ended(outcome);
    });
    return true;
  }

  /** Late, or at the door: it takes its turn again. */
  #shed(sending: Sending, outcome: Outcome): void {
    this.sheds++;
    sending.handle = undefined;
    // What has overflowed runs later, for nobody: sent again it would run twice.
    if (sending.isCancelled || outcome.status !== 'rejected' || outcome.error.overflowed) {
      sending.ended(outcome);
      return;
    }
    this.#line.push(sending);
    this.#stopTimer ??= this.#clock.schedule(Math.max(1, outcome.error.retryAfterMs), () => this.#again());
  }

  #again(): void {
    this.#stopTimer = undefined;
    const line = this.#line;
    this.#line = [];
    for (let at = 0; at < line.length; at++) {
      // The one that was shed stands in the line again by the time that its outcome is read.
      if (!this.#submit(line[at]!)) {
        this.#line.push(...line.slice(at + 1));
        return;
      }
    }
  }

  /** What waits stays unsent. */
  close(): void {
    this.#stopTimer?.();
    this.#line = [];
  }
}
