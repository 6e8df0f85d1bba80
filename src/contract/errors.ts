import type { AbortReason } from './outcome.ts';
import type { SyncPicture } from './sync.ts';

/** Every code that Spillway can put on an error, and what it means. The only list of codes there is. */
export const ERROR_CODES = {
  INVALID_OPTION: 'an option has a value that is not allowed',
  UNKNOWN_OPTION: 'an option is not known',
  DUPLICATE_AGENT: 'an agent of that name is registered already',
  UNKNOWN_AGENT: 'no agent of that name or capability is registered',
  HANDLER_NOT_LOADED: 'the module or the export of a CPU agent could not be loaded on a thread',
  FAULTS_DISABLED: 'faults are injected only by an engine that was created with `faults: true`',
  ENGINE_CLOSED: 'the engine is closing or closed',
  OVERLOADED: 'the task was shed at admission',
  HANDLER_FAILED: 'the handler threw, or its promise was rejected',
  TIMEOUT: 'the attempt ran longer than its timeoutMs',
  CANCELLED: 'the task was cancelled',
  UPSTREAM_BUSY: 'the upstream has too much to do (429 or 503)',
  WORKER_LOST: 'the thread died while it ran the task',
  POISON: 'the task killed too many threads, and is not run again',
  DEADLINE: 'the task did not end within its deadlineMs, over all attempts and waits',
  NON_RETRYABLE: 'the handler said that another attempt would fail in the same way',
  BACKOFF_INVALID: 'the backoff function of a retry policy threw, or gave no number of milliseconds',
  STALLED: 'the task blocked its thread for longer than stallMs; the thread was replaced',
  AGENT_FAILED: 'the agent is switched off: its tasks killed too many threads, or new threads cannot load it',
  BREAKER_OPEN: 'the agent failed or was slow too often and is left alone for a while',
  AGENT_REMOVED: 'the agent was removed while the task waited',
  INPUT_NOT_CLONEABLE: 'the input cannot be sent to a thread',
  RESULT_NOT_CLONEABLE: 'the result cannot be sent back from a thread',
  ESTIMATE_FAILED: "the agent's estimate threw, or gave something that is no usage",
  RESOURCE_TOO_SMALL: 'the task is expected to use more of a resource than there ever is',
  INPUT_INVALID: "the input does not match the agent's schema",
  CORPUS_EMPTY: 'no readable input was found',
  UPSTREAM_UNREACHABLE: 'the model endpoint cannot be reached',
  OUTPUT_NOT_WRITABLE: 'a result file cannot be written',
  OVERFLOW_UNUSABLE: 'the folder of an overflow cannot be used',
  SYNC_TIMEOUT: 'a lock or a round of a barrier did not come within timeoutMs',
  DEADLOCK: 'parties wait for what each other hold; the youngest wait is rejected',
  BARRIER_BROKEN: 'a round of a barrier can no longer become complete',
  LOCK_RELEASED: 'a lock was released twice',
  SYNC_OWNER_ENDED: 'the task or party that asked for a lock has ended',
  SYNC_LIMIT: 'more names or more waiters than the engine keeps for mutexes, semaphores and barriers',
  DEAD_LETTERS_UNUSABLE: 'the folder of dead letters cannot be used',
  STREAM_CONFLICT: 'a stream of events was written by somebody else meanwhile',
  WORKFLOW_INVALID: 'a workflow is defined wrongly',
  WORKFLOW_CONFLICT: 'a run of that id exists with another definition or another input',
  WORKFLOW_STATE: 'the run, or the step, is in a state in which that cannot be done',
  WORKFLOW_TOKEN: 'a resume token cannot be read, or is of another run, workflow or definition',
  WORKFLOW_LIMIT: 'a map, a loop, a plan or a run is larger than it may be',
  STEP_FAILED: 'a function of a step threw, or returned something of no use',
  DEPENDENCY_FAILED: 'the step was not run because one that it needs has failed',
  TOO_FEW_SUCCEEDED: 'fewer items than asked for have succeeded',
  STEP_SKIPPED: 'the step was skipped: its condition did not hold, or somebody said so',
  STEP_REFUSED: 'a person has refused',
  NOT_COMPENSATED: 'a completed step could not be undone',
  AGGREGATION_FAILED: 'results could not be brought together: one of them, or an option, was the reason',
  AGGREGATION_LIMIT: 'more results than an aggregation keeps, or compares with each other',
  CHUNK_SOURCE_UNUSABLE: 'what is to be cut into chunks is no text, or has a line that is too long',
  REPORT_UNREADABLE: 'a report or configuration cannot be read, or is not one',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Base of every error that Spillway makes. `code` is stable; `message` says what to do next. */
export class SpillwayError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A wrong option. `path` names it (`agents[2].limit`); `expected` and `received` say what was wrong. */
export class ConfigError extends SpillwayError {
  readonly path: string;
  readonly expected: string | undefined;
  readonly received: string | undefined;
  constructor(
    code:
      | 'INVALID_OPTION'
      | 'UNKNOWN_OPTION'
      | 'DUPLICATE_AGENT'
      | 'UNKNOWN_AGENT'
      | 'INPUT_INVALID'
      | 'FAULTS_DISABLED',
    path: string,
    message: string,
    detail: { expected?: string; received?: string; cause?: unknown } = {},
  ) {
    super(code, message, 'cause' in detail ? { cause: detail.cause } : undefined);
    this.path = path;
    this.expected = detail.expected;
    this.received = detail.received;
  }
}

/** A CPU agent's module or export could not be loaded; names both, and keeps the loader's error as `cause`. */
export class HandlerLoadError extends SpillwayError {
  readonly agent: string;
  readonly module: string;
  readonly exportName: string;
  constructor(agent: string, module: string, exportName: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super('HANDLER_NOT_LOADED', `agent "${agent}": cannot load export "${exportName}" of ${module}: ${why}`, {
      cause,
    });
    this.agent = agent;
    this.module = module;
    this.exportName = exportName;
  }
}

/** Submitting to an engine that is closing or closed; or a run of a workflow that was under way when it was closed. */
export class EngineClosedError extends SpillwayError {
  /** Of a run: what another engine with the same journal goes on from. */
  readonly resumeToken: string | undefined;
  constructor(
    message = 'the engine is closed and takes no more tasks; create a new one',
    resumeToken?: string,
  ) {
    super('ENGINE_CLOSED', message);
    this.resumeToken = resumeToken;
  }
}

/** Why a task was turned away, and what each reason means. */
export const SHED_REASONS = {
  'over-limit': 'the fixed limit is reached',
  'predicted-wait': 'the task would wait too long to end within its objective',
  'tenant-share': 'the tenant has its fair share of an overloaded engine already',
  'queue-full': 'the queue holds as many tasks as it may',
  'loop-delay': 'the event loop is late, and the task is of the lowest priority',
  memory: 'heap or resident memory is above its ceiling',
  expired: 'the task waited until it could no longer end within its objective',
  'policy-failed': 'the limit threw, or answered nonsense',
  'budget-exhausted':
    'a budget that the task counts in is used up, or reserved for calls that have not ended',
} as const;

export type ShedReason = keyof typeof SHED_REASONS;

/** The task was shed before it took any resource. Safe to send again after `retryAfterMs`. */
export class OverloadError extends SpillwayError {
  readonly reason: ShedReason;
  /** Outstanding tasks over capacity when the task was shed; 1 means full. */
  readonly load: number;
  /** When a retry has a fair chance, in milliseconds from now. */
  readonly retryAfterMs: number;
  /** The engine's overflow sink has taken the task: it will run later. Do not send it again. */
  readonly overflowed: boolean;
  constructor(reason: ShedReason, load: number, retryAfterMs: number, overflowed = false, why?: string) {
    // Under overload there are many of these, and a stack that leads to `submit` says nothing: it costs most of a shed.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(
      'OVERLOADED',
      why !== undefined
        ? `shed (${reason}): ${why}; retry in ${Math.ceil(retryAfterMs)} ms`
        : overflowed
          ? `shed (${reason}): load ${Math.round(load * 100) / 100}; it has overflowed and runs later, do not send it again`
          : `shed (${reason}): load ${Math.round(load * 100) / 100}; retry in ${Math.ceil(retryAfterMs)} ms, or wait with engine.ready()`,
    );
    Error.stackTraceLimit = stackTraceLimit;
    this.reason = reason;
    this.load = load;
    this.retryAfterMs = retryAfterMs;
    this.overflowed = overflowed;
  }
}

/** The codes of what goes wrong with mutexes, semaphores and barriers. */
export type SyncErrorCode = Extract<
  ErrorCode,
  'SYNC_TIMEOUT' | 'DEADLOCK' | 'BARRIER_BROKEN' | 'LOCK_RELEASED' | 'SYNC_OWNER_ENDED' | 'SYNC_LIMIT'
>;

/** A mutex, semaphore or barrier was not to be had, or was used wrongly. */
export class SyncError extends SpillwayError {
  declare readonly code: SyncErrorCode;
  /** Of the mutex, semaphore or barrier. */
  readonly resource: string;
  /** Who held what and who waited for it at that moment, as far as it was concerned. */
  readonly picture: SyncPicture;
  constructor(
    code: SyncErrorCode,
    resource: string,
    message: string,
    picture: SyncPicture = { resources: [] },
  ) {
    super(code, message);
    this.resource = resource;
    this.picture = picture;
  }
}

/** The codes that a task can fail with. */
export type TaskErrorCode = Extract<
  ErrorCode,
  | 'HANDLER_FAILED'
  | 'TIMEOUT'
  | 'CANCELLED'
  | 'UPSTREAM_BUSY'
  | 'WORKER_LOST'
  | 'POISON'
  | 'DEADLINE'
  | 'BACKOFF_INVALID'
  | 'STALLED'
  | 'AGENT_FAILED'
  | 'BREAKER_OPEN'
  | 'AGENT_REMOVED'
  | 'UNKNOWN_AGENT'
  | 'ESTIMATE_FAILED'
  | 'RESOURCE_TOO_SMALL'
  | 'INPUT_INVALID'
  | 'INPUT_NOT_CLONEABLE'
  | 'RESULT_NOT_CLONEABLE'
>;

/** A task failed. `cause` is what the handler threw, with type, message, stack and cause as on its own thread. */
export class TaskError extends SpillwayError {
  declare readonly code: TaskErrorCode;
  readonly agent: string | undefined;
  readonly taskId: string;
  /** What the steps of its fallback failed with, in their order, if it had one. */
  declare readonly fallbackErrors?: readonly TaskError[];
  constructor(
    code: TaskErrorCode,
    taskId: string,
    agent: string | undefined,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(code, message, options);
    this.agent = agent;
    this.taskId = taskId;
  }
}

/** The error that a fallback was begun for, with what its steps failed with. */
export function withFallbackErrors(error: TaskError, later: readonly TaskError[]): TaskError {
  return later.length === 0 ? error : Object.assign(error, { fallbackErrors: [...later] });
}

/** Every agent that could take the task is left alone by its breaker. Safe to send again after `retryAfterMs`. */
export class BreakerOpenError extends TaskError {
  /** When a few tasks get through again, in milliseconds from now. */
  readonly retryAfterMs: number;
  constructor(
    taskId: string,
    agent: string | undefined,
    target: string,
    retryAfterMs: number,
    options?: { cause?: unknown },
  ) {
    // There may be as many of these as tasks are submitted, and a stack says nothing.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    const message = `${target} is left alone by its circuit breaker; retry in ${Math.ceil(retryAfterMs)} ms`;
    super('BREAKER_OPEN', taskId, agent, message, options);
    Error.stackTraceLimit = stackTraceLimit;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The task was cut short from outside: by its caller, or by the engine shutting down. */
export class CancelledError extends TaskError {
  readonly reason: AbortReason;
  constructor(taskId: string, agent: string | undefined, reason: AbortReason, cause?: unknown) {
    // Tasks are cancelled in bulk, and a stack that leads to whoever did it costs more than all else about one.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(
      'CANCELLED',
      taskId,
      agent,
      reason === 'shutdown' ? 'the engine shut down before the task ended' : 'the task was cancelled',
      cause === undefined ? undefined : { cause },
    );
    Error.stackTraceLimit = stackTraceLimit;
    this.reason = reason;
  }
}

/** A task was cut short; its `CancelledError` is made when somebody asks for it. Of many cancelled at once nobody does. */
export class Cancellation {
  readonly code = 'CANCELLED';
  private readonly agent: string | undefined;
  private readonly reason: AbortReason;
  private readonly cause: unknown;

  constructor(agent: string | undefined, reason: AbortReason, cause: unknown) {
    this.agent = agent;
    this.reason = reason;
    this.cause = cause;
  }

  error(taskId: string): CancelledError {
    return new CancelledError(taskId, this.agent, this.reason, this.cause);
  }
}
