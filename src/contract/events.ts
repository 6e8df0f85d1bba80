import type { BreakerState } from './breaker.ts';
import type { TaskErrorCode } from './errors.ts';
import type { ScaleReason } from './scaling.ts';
import type { AgentState } from './stats.ts';
import type { SyncPicture } from './sync.ts';

/** What the engine reports while it runs. Listeners that throw lose nothing but their own call. */
export interface EngineEvents {
  /** A thread died or was taken, and a new one is on its way. */
  threadLost: { readonly threadId: number; readonly agent: string | undefined; readonly cause: unknown };
  /** A thread that leaks, as `threads.recycle` has it, has ended with nothing left to do; a new one is on its way. */
  threadRecycled: {
    readonly threadId: number;
    readonly reason: 'heap' | 'external' | 'tasks';
    /** Both as the thread last published them. */
    readonly heapUsedBytes: number;
    readonly externalBytes: number;
    /** How many tasks it had started. */
    readonly tasks: number;
  };
  /** A thread has loaded every handler and takes work. */
  threadReady: { readonly threadId: number };
  /** For `sync.stallMs` all threads have waited for locks or barriers: no other task of the lane gets to run. */
  threadsBlocked: { readonly threads: number; readonly picture: SyncPicture };
  /** Threads follow load: there are to be `to` of them now. New ones are on their way, old ones end what they are at. */
  scaled: { readonly from: number; readonly to: number; readonly why: ScaleReason };
  agentState: { readonly agent: string; readonly from: AgentState; readonly to: AgentState };
  /** An attempt failed and another one follows, `delayMs` from now. `attempt` counts those that failed. */
  retry: {
    readonly taskId: string;
    readonly agent: string;
    readonly attempt: number;
    readonly code: TaskErrorCode;
    readonly delayMs: number;
  };
  /** A task goes on to the next step of its fallback; `to` is `undefined` for a function. */
  fallback: {
    readonly taskId: string;
    readonly from: string | undefined;
    readonly to: string | undefined;
    readonly code: TaskErrorCode;
  };
  /** A circuit breaker opened, let a few tasks try, or closed. It is an agent's, or an upstream's; the other is `undefined`. */
  breaker: {
    readonly agent: string | undefined;
    readonly upstream: string | undefined;
    readonly from: BreakerState;
    readonly to: BreakerState;
    readonly why: string;
  };
  /** Half of an agent's attempts take longer than its objective: no admission can keep to it. Once for each target. */
  infeasible: {
    readonly target: string;
    readonly sloMs: number;
    readonly serviceP50Ms: number;
    readonly samples: number;
  };
  /** A task failed for good, and is kept as a dead letter. */
  deadLetter: {
    readonly id: string;
    readonly taskId: string;
    readonly agent: string | undefined;
    readonly code: TaskErrorCode;
  };
  /** Of a budget 80 % are spent, or all of it is, or a task found no room in it. Once for each step. */
  budget: {
    readonly budget: string;
    readonly tenant: string | undefined;
    readonly workflow: string | undefined;
    readonly level: 'warned' | 'exhausted';
    readonly unit: 'usd' | 'tokens';
    readonly spent: number;
    readonly limit: number;
  };
  /** A listener threw; `event` names what it listened to. */
  listenerError: { readonly event: string; readonly error: unknown };
}
