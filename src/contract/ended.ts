import type { CancelledError, OverloadError, TaskError } from './errors.ts';
import type { Degraded } from './fallback.ts';
import type { AbortReason, Attempt, Outcome, Timing } from './outcome.ts';
import type { UsageTotals } from './stats.ts';
import type { Trail } from './trail.ts';

/** What an outcome needs of its task. */
export interface EndedTask {
  readonly id: string;
  readonly enqueuedAtMs: number;
  /** 0 if it never was on a thread. */
  readonly threadId: number;
  readonly trail: Trail | undefined;
  readonly account: { readonly usage: UsageTotals | undefined } | undefined;
  readonly agent: { readonly name: string; readonly lane: 'threads' | 'loop' } | undefined;
  readonly target: { readonly owner: { wallAtMs(clockMs: number): number } };
}

/**
 * The part that all outcomes have. The list of attempts of a task that was tried once, which nearly all are, is made
 * when somebody asks for it: nothing of it but three fields is kept until then.
 */
export class Ended {
  readonly taskId: string;
  readonly agent: string | undefined;
  readonly timing: Timing;
  declare readonly usage?: UsageTotals;
  readonly #target: EndedTask['target'];
  readonly #threadId: number;
  readonly #enqueuedAtMs: number;
  #attempts: readonly Attempt[] | undefined;

  constructor(task: EndedTask, timing: Timing) {
    const { agent, trail } = task;
    this.taskId = task.id;
    this.agent = agent === undefined ? trail?.attempts.at(-1)?.agent : agent.name;
    this.timing = timing;
    const usage = task.account?.usage;
    if (usage !== undefined) this.usage = usage;
    this.#target = task.target;
    this.#threadId = agent?.lane === 'threads' ? task.threadId : 0;
    this.#enqueuedAtMs = task.enqueuedAtMs;
    this.#attempts = trail?.attempts;
  }

  get attempts(): readonly Attempt[] {
    this.#attempts ??= this.#single();
    return this.#attempts;
  }

  /** Attempts beyond the first. Asks for no list where there was one attempt. */
  static retriesOf(outcome: Outcome): number {
    const attempts = #attempts in outcome ? outcome.#attempts : outcome.attempts;
    return attempts === undefined ? 0 : Math.max(0, attempts.length - 1);
  }

  toJSON(): object {
    return { ...this, attempts: this.attempts };
  }

  /** What failed the one attempt. */
  protected get failure(): TaskError | undefined {
    return undefined;
  }

  #single(): readonly Attempt[] {
    const { agent, timing } = this;
    const hasRun = agent !== undefined && (timing.serviceMs > 0 || !(this instanceof CancelledOutcome));
    if (!hasRun) return [];
    const threadId = this.#threadId;
    return [
      {
        agent,
        lane: threadId === 0 ? 'loop' : 'threads',
        threadId: threadId === 0 ? undefined : threadId,
        startedAtMs: this.#target.owner.wallAtMs(this.#enqueuedAtMs + timing.waitMs),
        durationMs: timing.serviceMs,
        error: this.failure,
        noRetry: undefined,
        fallback: undefined,
      },
    ];
  }
}

export class CompletedOutcome extends Ended {
  readonly status = 'completed';
  readonly value: unknown;
  declare readonly degraded?: Degraded;
  constructor(task: EndedTask, timing: Timing, value: unknown) {
    super(task, timing);
    this.value = value;
    const error = task.trail?.origin;
    if (error !== undefined) this.degraded = { error, by: task.agent?.name };
  }
}

export class FailedOutcome extends Ended {
  readonly status = 'failed';
  readonly error: TaskError;
  constructor(task: EndedTask, timing: Timing, error: TaskError) {
    super(task, timing);
    this.error = error;
  }

  protected override get failure(): TaskError {
    return this.error;
  }
}

export class CancelledOutcome extends Ended {
  readonly status = 'cancelled';
  readonly reason: AbortReason;
  readonly error: CancelledError;
  constructor(task: EndedTask, timing: Timing, error: CancelledError) {
    super(task, timing);
    this.reason = error.reason;
    this.error = error;
  }
}

export class RejectedOutcome extends Ended {
  readonly status = 'rejected';
  readonly error: OverloadError;
  constructor(task: EndedTask, timing: Timing, error: OverloadError) {
    super(task, timing);
    this.error = error;
  }
}
