import { type Clock, wallNowMs } from '../contract/clock.ts';
import type { AgentHealth, EngineHealth, Recovery } from '../contract/health.ts';
import { DEFAULTS } from '../contract/options.ts';
import type { AgentEntry } from '../dispatch/agent-entry.ts';

/** Times are of the engine's clock. */
type Condition =
  | { readonly kind: 'well'; readonly sinceMs: number; readonly recovered: boolean }
  | {
      readonly kind: 'ill';
      readonly sinceMs: number;
      readonly why: string;
      readonly recoveredAtMs: number | undefined;
    };

interface PastIllness {
  readonly agent: string;
  readonly why: string;
  readonly failedAtMs: number;
  readonly recoveredAtMs: number;
}

/** Remembers since when agents have been well or not, why, and which have recovered. */
export class Health {
  private readonly clock: Clock;
  private readonly conditions = new WeakMap<AgentEntry, Condition>();
  private readonly history: PastIllness[] = [];

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Whether an agent takes tasks may have changed. `why` is taken down if it has become ill by that. */
  observe(agent: AgentEntry, why: string): void {
    const nowMs = this.clock.now();
    const condition = this.conditions.get(agent);
    // One that is being loaded is not ill.
    const isIll = agent.isIll && !agent.loading;
    if (condition === undefined || (condition.kind === 'well' && isIll)) {
      this.conditions.set(agent, this.first(condition, isIll, why, nowMs));
    } else if (condition.kind === 'ill' && !isIll) {
      this.conditions.set(agent, { kind: 'well', sinceMs: nowMs, recovered: true });
      const { why: was, sinceMs } = condition;
      this.history.push({ agent: agent.name, why: was, failedAtMs: sinceMs, recoveredAtMs: nowMs });
      if (this.history.length > DEFAULTS.health.history) this.history.shift();
    }
  }

  report(agents: Iterable<AgentEntry>): EngineHealth {
    // What an operator compares with logs is the time of day.
    const toWallMs = wallNowMs() - this.clock.now();
    const known = [...agents].filter((agent) => !agent.loading);
    const isDown = known.length > 0 && known.every((agent) => !agent.takesTasks);
    const isWell = known.every((agent) => !agent.isIll);
    return {
      status: isDown ? 'failed' : isWell ? 'ok' : 'degraded',
      agents: known.map((agent) => this.healthOf(agent, toWallMs)),
      history: this.history.map((past) => recoveryOf(past, toWallMs)),
    };
  }

  private first(before: Condition | undefined, isIll: boolean, why: string, nowMs: number): Condition {
    if (!isIll) return { kind: 'well', sinceMs: nowMs, recovered: false };
    const recoveredAtMs = before?.kind === 'well' && before.recovered ? before.sinceMs : undefined;
    return { kind: 'ill', sinceMs: nowMs, why, recoveredAtMs };
  }

  private healthOf(agent: AgentEntry, toWallMs: number): AgentHealth {
    const condition = this.conditions.get(agent);
    const recoveredAtMs =
      condition?.kind === 'ill'
        ? condition.recoveredAtMs
        : condition?.recovered
          ? condition.sinceMs
          : undefined;
    const { name, state, breaker, counts, lastFailure } = agent;
    return {
      agent: name,
      state,
      ...(breaker && { breaker: breaker.kind }),
      sinceMs: Math.round((condition?.sinceMs ?? this.clock.now()) + toWallMs),
      why: condition?.kind === 'ill' ? condition.why : undefined,
      failures: counts.failed,
      lastError: lastFailure && {
        code: lastFailure.error.code,
        message: lastFailure.error.message,
        atMs: Math.round(lastFailure.atMs + toWallMs),
      },
      recoveredAtMs: recoveredAtMs === undefined ? undefined : Math.round(recoveredAtMs + toWallMs),
    };
  }
}

function recoveryOf({ agent, why, failedAtMs, recoveredAtMs }: PastIllness, toWallMs: number): Recovery {
  return {
    agent,
    why,
    failedAtMs: Math.round(failedAtMs + toWallMs),
    recoveredAtMs: Math.round(recoveredAtMs + toWallMs),
  };
}
