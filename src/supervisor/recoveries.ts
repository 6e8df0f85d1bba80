import type { Clock } from '../contract/clock.ts';
import type { AgentEntry } from '../dispatch/agent-entry.ts';
import type { Prober } from './prober.ts';

/** Gives agents that are switched off for a time another chance when it is over. */
export class Recoveries {
  private readonly clock: Clock;
  private readonly prober: Prober;
  private readonly recover: (agent: AgentEntry) => void;
  private readonly timers = new Map<AgentEntry, () => void>();

  /** @param recover takes an agent in again */
  constructor(clock: Clock, prober: Prober, recover: (agent: AgentEntry) => void) {
    this.clock = clock;
    this.prober = prober;
    this.recover = recover;
  }

  /** Takes the agent in again after a while: at once if it has no probe, else if a call of it succeeds. */
  after(agent: AgentEntry, waitMs: number): void {
    this.timers.set(
      agent,
      this.clock.schedule(waitMs, () => this.tryIt(agent, waitMs), true),
    );
  }

  cancel(agent: AgentEntry): void {
    this.timers.get(agent)?.();
    this.timers.delete(agent);
  }

  close(): void {
    for (const cancel of this.timers.values()) cancel();
    this.timers.clear();
  }

  private tryIt(agent: AgentEntry, waitMs: number): void {
    this.timers.delete(agent);
    if (agent.probe === undefined) {
      this.recover(agent);
      return;
    }
    this.prober.try(agent, (answer) => {
      // It may have been removed, or taken in again, while it was tried.
      if (agent.removed || !agent.failed || this.prober.isClosed) return;
      if (answer === undefined) this.recover(agent);
      else this.after(agent, waitMs);
    });
  }
}
