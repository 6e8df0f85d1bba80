import type { Clock } from '../contract/clock.ts';
import type { AgentEntry } from '../dispatch/agent-entry.ts';
import type { Breaker, BreakerChange, BreakerEvents } from '../dispatch/breaker.ts';
import type { SupervisorParts } from './supervisor.ts';

type AgentBreaker = Breaker<AgentEntry>;

/** What the watch calls on. */
export interface BreakerWatchParts {
  readonly clock: Clock;
  readonly emit: SupervisorParts['emit'];
  /** Whether an agent takes tasks has changed. */
  readonly availabilityChanged: (agent: AgentEntry, why: string) => void;
  /** A broken agent has room for one more call. */
  readonly roomMade: (agent: AgentEntry) => void;
  /** Starts to probe in the background; false if there is nothing to probe with. */
  readonly probe: (breaker: AgentBreaker) => boolean;
}

/** Acts on what breakers say: takes agents out and in again, wakes breakers that have been open for long enough. */
export class BreakerWatch implements BreakerEvents<AgentEntry> {
  private readonly parts: BreakerWatchParts;
  private readonly wakes = new Map<AgentBreaker, () => void>();
  private isClosed = false;

  constructor(parts: BreakerWatchParts) {
    this.parts = parts;
  }

  changed(breaker: AgentBreaker, { from, to, why }: BreakerChange): void {
    const { clock, emit, availabilityChanged } = this.parts;
    if (to === 'open' && !this.isClosed) {
      const wake = () => this.wake(breaker);
      this.wakes.set(breaker, clock.schedule(breaker.retryAfterMs(clock.now()), wake, true));
    }
    const members = [...breaker.members];
    for (const agent of members) availabilityChanged(agent, why);
    const { upstream } = breaker;
    const agent = upstream === undefined ? members[0]?.name : undefined;
    emit('breaker', { agent, upstream, from, to, why });
  }

  roomMade(breaker: AgentBreaker): void {
    for (const agent of breaker.members) this.parts.roomMade(agent);
  }

  close(): void {
    this.isClosed = true;
    for (const cancel of this.wakes.values()) cancel();
    this.wakes.clear();
  }

  private wake(breaker: AgentBreaker): void {
    this.wakes.delete(breaker);
    // Its agents may be gone by now.
    if (breaker.members.size === 0) return;
    if (!(breaker.hasFailed && this.parts.probe(breaker))) breaker.halfOpen('tasks');
  }
}
