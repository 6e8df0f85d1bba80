import type { BreakerState } from './breaker.ts';
import type { ErrorCode } from './errors.ts';
import type { AgentState } from './stats.ts';

/** The last failure of an agent's task. */
export interface LastError {
  readonly code: ErrorCode;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** How one agent is. Times are milliseconds since the epoch. */
export interface AgentHealth {
  readonly agent: string;
  readonly state: AgentState;
  /** Only of an agent that has a breaker. */
  readonly breaker?: BreakerState;
  /** Since when it has been well, or not. */
  readonly sinceMs: number;
  /** Why it is not; `undefined` if it is well. */
  readonly why: string | undefined;
  /** Failed attempts since it was registered. */
  readonly failures: number;
  readonly lastError: LastError | undefined;
  /** When it last became well again; `undefined` if it never had to. */
  readonly recoveredAtMs: number | undefined;
}

/** An agent that was not well, and is again. Times are milliseconds since the epoch. */
export interface Recovery {
  readonly agent: string;
  readonly why: string;
  readonly failedAtMs: number;
  readonly recoveredAtMs: number;
}

export interface EngineHealth {
  /** `degraded`: some agent is failed, or left alone by its breaker. `failed`: no agent takes tasks. */
  readonly status: 'ok' | 'degraded' | 'failed';
  readonly agents: readonly AgentHealth[];
  /** The last 100 recoveries, oldest first. */
  readonly history: readonly Recovery[];
}
