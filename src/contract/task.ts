import { completionOf, type EndListener, type Listenable, ON_END, tellSoon } from './end-listener.ts';
import { CancelledOutcome, CompletedOutcome, FailedOutcome, RejectedOutcome } from './ended.ts';
import { Cancellation, CancelledError, type OverloadError, type TaskError } from './errors.ts';
import type { Priority, TaskEvents, TaskHandle, TaskState } from './handle.ts';
import type { AbortReason, Outcome, Timing } from './outcome.ts';
import type { RateLimit } from './rate-limit.ts';
import type { Sync } from './sync.ts';
import { type Account, TaskExtras } from './task-extras.ts';
import { taskId } from './task-id.ts';
import { Trail } from './trail.ts';
import type { Usage } from './usage.ts';

/** States as small integers, so that a move is one bit test. */
export const STATE = { pending: 0, running: 1, completed: 2, failed: 3, cancelled: 4, rejected: 5 } as const;
export type StateCode = (typeof STATE)[keyof typeof STATE];
const STATE_NAMES: readonly TaskState[] = [
  'pending',
  'running',
  'completed',
  'failed',
  'cancelled',
  'rejected',
];

const ENDS = (1 << STATE.completed) | (1 << STATE.failed) | (1 << STATE.cancelled);
/** Bit `to` of entry `from` says whether the move is legal. An ended task moves no more. */
const LEGAL: readonly number[] = [
  (1 << STATE.running) | (1 << STATE.failed) | (1 << STATE.cancelled) | (1 << STATE.rejected),
  // Back to pending: handed to a thread that never started it, or to be tried again.
  ENDS | (1 << STATE.pending),
  0,
  0,
  0,
  0,
];

/** Where a task goes, and to whom it belongs. */
export interface TaskTarget {
  readonly owner: TaskOwner;
}

/** A time on the engine's clock, in milliseconds, at which something ends the task. */
export interface TaskDeadline {
  readonly atMs: number;
  cancel(): void;
}

/** Who reports: the agent of an attempt, which may be over by now. */
export interface AttemptOf {
  readonly agent: AgentRef | undefined;
  readonly isOver: boolean;
}

/** What a task asks of the engine that it belongs to. */
export interface TaskOwner {
  /** Delivers what a handler reports while it runs. */
  notify<E extends keyof TaskEvents>(task: Task, event: E, value: TaskEvents[E]): void;
  cancelTask(task: Task, reason: AbortReason, cause?: unknown): boolean;
  /** Takes in what a call has used; after its task has ended as well. */
  used(task: Task, usage: Usage, by: AttemptOf): void;
  /** Takes in what a provider said of its rate limits; `resource` is the one that is meant. */
  limited(task: Task, rateLimit: RateLimit, resource: string | undefined, by: AttemptOf): void;
  reprioritize(task: Task, priority: Priority): boolean;
  /** Mutexes, semaphores and barriers for an attempt of a task; if the attempt is over, it gets none. */
  syncOf(task: Task, isOver: boolean): Sync;
  listen<E extends keyof TaskEvents>(
    task: Task,
    event: E,
    listener: (value: TaskEvents[E]) => void,
  ): () => void;
  /** A time of the engine's clock in milliseconds since the epoch. */
  wallAtMs(clockMs: number): number;
}

/** The agent that runs a task, as far as a lane needs to know it. */
export interface AgentRef {
  readonly id: number;
  readonly name: string;
  readonly lane: 'threads' | 'loop';
  /** `undefined` means no limit. */
  readonly timeoutMs: number | undefined;
  /** Expected service time, in milliseconds; what batches are sized by. 0 while nothing is known. */
  readonly expectedMs: number;
  readonly idempotent: boolean;
  /** Whether its tasks may share a batch with others: not if they must not run again, or have just cost a thread. */
  readonly mayBatch: boolean;
}

const noop = () => {};
const NOBODY: TaskOwner = {
  cancelTask: () => false,
  reprioritize: () => false,
  listen: () => noop,
  notify: noop,
  wallAtMs: (clockMs) => clockMs,
  syncOf: () => {
    throw new Error('a task that belongs to nobody has no mutexes');
  },
  used: noop,
  limited: noop,
};

/**
 * One unit of work: the handle that the caller holds and the engine's own record of it are one object, so that a
 * task costs one allocation beside its promise. Every field but those of `TaskHandle` is internal.
 */
export class Task implements TaskHandle, Listenable {
  /**
   * A task that never ends. Where a full garbage collection finds no other alive, it keeps the hidden class of tasks, and
   * with it optimized code. The class has to hold it: a variable that nobody reads is garbage, too.
   */
  static readonly kept = new Task({ owner: NOBODY }, 0, undefined, 0, 0.5);
  private code: StateCode = STATE.pending;
  readonly seq: number;
  /** Where it waits; another one once it has gone on to its fallback. */
  target: TaskTarget;
  /** The input; once the task has ended, the value, the error, or what it is made of. */
  payload: unknown;
  level: number;
  /** It waits as long as it takes: whoever submitted it does so no faster than tasks are admitted. */
  patient = false;
  /** Its place in the order in which tasks joined its queue; a task that changes its level joins anew. */
  turn = 0;
  readonly enqueuedAtMs: number;
  agent: AgentRef | undefined = undefined;
  extras: TaskExtras | undefined = undefined;
  /** What has become of it so far; only of tasks that have failed and go on. */
  trail: Trail | undefined = undefined;
  /** The thread that it was handed to last; 0 for none. */
  threadId = 0;
  /** What its running attempt counts with at resources that have rates; opaque to all others. */
  counted: object | undefined = undefined;
  /** Only of tasks that use resources or budgets. */
  account: Account | undefined = undefined;
  /** When it has to have ended, over all attempts and waits; `undefined` for no limit. */
  deadline: TaskDeadline | undefined = undefined;
  // Links of the queue's list.
  previous: Task | undefined = undefined;
  next: Task | undefined = undefined;
  /** The queue's level while the task waits, its batch or attempt while it runs; opaque to all others. */
  place: object | undefined = undefined;
  /** `null` if the task came from `run`, which needs none. */
  private timing: Timing | null | undefined = undefined;
  private promise: Promise<unknown> | undefined = undefined;
  private resolve: ((value: unknown) => void) | undefined = undefined;
  private listener: EndListener | undefined = undefined;

  constructor(target: TaskTarget, seq: number, input: unknown, level: number, nowMs: number) {
    this.target = target;
    this.seq = seq;
    this.payload = input;
    this.level = level;
    this.enqueuedAtMs = nowMs;
  }

  get id(): string {
    return taskId(this.seq);
  }

  get state(): TaskState {
    return STATE_NAMES[this.code]!;
  }

  get stateCode(): StateCode {
    return this.code;
  }

  get ended(): boolean {
    return this.code > STATE.running;
  }

  /** The rarely used part, made on first use. */
  get more(): TaskExtras {
    this.extras = this.extras?.own() ?? new TaskExtras();
    return this.extras;
  }

  cancel(cause?: unknown): boolean {
    return this.target.owner.cancelTask(this, 'cancelled', cause);
  }

  reprioritize(priority: Priority): boolean {
    return this.target.owner.reprioritize(this, priority);
  }

  on<E extends keyof TaskEvents>(event: E, listener: (value: TaskEvents[E]) => void): () => void {
    return this.target.owner.listen(this, event, listener);
  }

  /** @throws Error on a move that the state machine does not have: a broken invariant, never a user's mistake. */
  move(to: StateCode): void {
    if (((LEGAL[this.code]! >> to) & 1) === 0) {
      throw new Error(`task ${this.id}: illegal move from ${this.state} to ${STATE_NAMES[to]}`);
    }
    this.code = to;
  }

  /** The promise that `run` returns: the value or a throw. A task has this or an outcome, never both. */
  unwrapped(): Promise<unknown> {
    this.timing = null;
    this.promise = new Promise(captureResolve);
    this.resolve = captured;
    return this.promise;
  }

  get outcome(): Promise<Outcome> {
    if (this.promise === undefined) {
      this.promise = new Promise(captureResolve);
      this.resolve = captured;
      if (this.ended) this.deliver();
    }
    return this.promise as Promise<Outcome>;
  }

  complete(value: unknown, waitMs: number, serviceMs: number, totalMs: number): void {
    this.move(STATE.completed);
    this.settle(value, waitMs, serviceMs, totalMs);
  }

  fail(error: TaskError | Cancellation, waitMs: number, serviceMs: number, totalMs: number): void {
    this.move(error.code === 'CANCELLED' ? STATE.cancelled : STATE.failed);
    this.settle(error, waitMs, serviceMs, totalMs);
  }

  /** What a task ended with that did not complete; the same one each time. */
  get error(): TaskError | OverloadError {
    if (this.payload instanceof Cancellation) this.payload = this.payload.error(this.id);
    return this.payload as TaskError | OverloadError;
  }

  /** Shed: at the door, or after it has waited too long. */
  reject(error: OverloadError, waitMs = 0): void {
    this.move(STATE.rejected);
    this.settle(error, waitMs, 0, waitMs);
  }

  private settle(result: unknown, waitMs: number, serviceMs: number, totalMs: number): void {
    this.payload = result;
    this.place = undefined;
    if (this.deadline !== undefined) this.deadline.cancel();
    this.deadline = undefined;
    if (this.timing !== null) this.timing = { waitMs, serviceMs, totalMs };
    if (this.resolve !== undefined) this.deliver();
    if (this.listener !== undefined) tellSoon(this);
  }

  [ON_END](listener: EndListener): void {
    this.listener = listener;
    if (this.ended) tellSoon(this);
  }

  tellListener(): void {
    const { timing, listener } = this;
    this.listener = undefined;
    const isCompleted = this.code === STATE.completed;
    listener!.taskEnded(isCompleted ? completionOf(this, timing!) : this.toOutcome(timing!));
  }

  private deliver(): void {
    const { resolve, promise } = this;
    this.resolve = undefined;
    if (this.timing !== null) {
      resolve!(this.toOutcome(this.timing!));
    } else if (this.code === STATE.completed) {
      resolve!(this.payload);
    } else {
      // Somebody may not wait for the promise of `run`; that must not kill the process.
      promise!.catch(noop);
      resolve!(Promise.reject(this.error));
    }
  }

  private toOutcome(timing: Timing): Outcome {
    if (this.code === STATE.completed) return new CompletedOutcome(this, timing, this.payload);
    const { error } = this;
    if (this.code === STATE.rejected) return new RejectedOutcome(this, timing, error as OverloadError);
    if (error instanceof CancelledError) return new CancelledOutcome(this, timing, error);
    return new FailedOutcome(this, timing, error as TaskError);
  }

  /** Begins to keep what becomes of it. */
  get history(): Trail {
    this.trail ??= new Trail(this.enqueuedAtMs);
    return this.trail;
  }

  /** What stands in the place of a task on its lane once the task has gone on without that attempt: one that has ended. */
  standIn(agent: AgentRef): Task {
    const task = new Task({ owner: NOBODY }, this.seq, undefined, this.level, this.enqueuedAtMs);
    task.agent = agent;
    task.move(STATE.failed);
    return task;
  }
}

// One executor for all promises, as it runs at once.
let captured: (value: unknown) => void = noop;
function captureResolve(resolve: (value: unknown) => void): void {
  captured = resolve;
}
