import { isDeepStrictEqual } from 'node:util';
import { type BreakerOptions, breakerRules } from '../contract/breaker.ts';
import type { Clock } from '../contract/clock.ts';
import { ConfigError } from '../contract/errors.ts';
import type { AgentEntry } from './agent-entry.ts';
import { Breaker, type BreakerEvents } from './breaker.ts';

/** The breakers: one for each upstream, and one for each agent that names none. */
export class Breakers {
  private readonly clock: Clock;
  private readonly byKey = new Map<string, Breaker<AgentEntry>>();
  /** Set by whoever acts on what they say. */
  events: BreakerEvents<AgentEntry> = { changed: () => {}, roomMade: () => {} };

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /**
   * The breaker of a new agent; `undefined` if it wants none.
   * @throws ConfigError if another agent of its upstream has other options.
   */
  join(agent: AgentEntry, options: true | BreakerOptions | undefined): Breaker<AgentEntry> | undefined {
    if (options === undefined) return undefined;
    const key = keyOf(agent);
    const rules = breakerRules(options);
    let breaker = this.byKey.get(key);
    if (breaker === undefined) {
      const events: BreakerEvents<AgentEntry> = {
        changed: (one, change) => this.events.changed(one, change),
        roomMade: (one) => this.events.roomMade(one),
      };
      breaker = new Breaker(rules, agent.upstream, events, this.clock.now());
      this.byKey.set(key, breaker);
    } else if (!isDeepStrictEqual(breaker.rules, rules)) {
      const [other] = breaker.members;
      const message = `agent "${agent.name}": breaker: expected the options of agent "${other?.name}", with which it shares upstream "${agent.upstream}"`;
      throw new ConfigError('INVALID_OPTION', 'agent.options.breaker', message);
    }
    breaker.members.add(agent);
    return breaker;
  }

  leave(agent: AgentEntry): void {
    const { breaker } = agent;
    if (breaker === undefined) return;
    breaker.members.delete(agent);
    const key = keyOf(agent);
    if (breaker.members.size === 0 && this.byKey.get(key) === breaker) this.byKey.delete(key);
  }
}

/** Names of upstreams and of agents do not meet. */
function keyOf({ upstream, name }: AgentEntry): string {
  return upstream === undefined ? `agent ${name}` : `upstream ${upstream}`;
}
