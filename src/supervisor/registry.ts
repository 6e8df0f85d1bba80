import type { Agent } from '../contract/agent.ts';
import { ConfigError } from '../contract/errors.ts';
import { describe, nearest } from '../contract/option-issue.ts';
import { BOUNDS } from '../contract/option-values.ts';
import type { TaskOwner } from '../contract/task.ts';
import { AgentEntry, type AgentSettings } from '../dispatch/agent-entry.ts';
import { Route } from '../dispatch/route.ts';
import { LaneTotals } from './lane-totals.ts';

/** Which agents there are, and the routes that lead to them. */
export class Registry {
  readonly agents = new Map<string, AgentEntry>();
  /** Removed agents with attempts that have not ended. */
  private readonly leaving = new Set<AgentEntry>();
  /** What agents that are gone have done, by lane. */
  private readonly gone = { threads: new LaneTotals(), loop: new LaneTotals() };
  private readonly byName = new Map<string, Route>();
  private readonly byCapability = new Map<string, Route>();
  private readonly owner: TaskOwner;
  private readonly ageMs: number;
  private readonly settings: AgentSettings;
  private nextId = 0;

  /** `owner` is whom the tasks on the routes belong to. */
  constructor(owner: TaskOwner, ageMs: number, settings: AgentSettings) {
    this.settings = settings;
    this.owner = owner;
    this.ageMs = ageMs;
  }

  /** @throws ConfigError if the name is taken, or there are too many agents. */
  add(agent: Agent): AgentEntry {
    if (this.agents.has(agent.name)) {
      const message = `agent "${agent.name}" is registered already; remove it first, or choose another name`;
      throw new ConfigError('DUPLICATE_AGENT', 'agents', message, { received: agent.name });
    }
    if (this.agents.size >= BOUNDS.agents) {
      throw new ConfigError('INVALID_OPTION', 'agents', `agents: expected at most ${BOUNDS.agents}`);
    }
    const entry = new AgentEntry(this.nextId++, agent, this.settings);
    this.agents.set(entry.name, entry);
    this.route(this.byName, entry.name, 'agent', entry).add(entry);
    for (const capability of new Set(entry.capabilities)) {
      this.route(this.byCapability, capability, 'capability', entry).add(entry);
    }
    return entry;
  }

  /** Removes an agent; gives the routes that led to it. */
  remove(entry: AgentEntry): readonly Route[] {
    // Twice: by its owner while it was loading, and because loading it failed.
    if (entry.removed) return [];
    entry.removed = true;
    this.leaving.add(entry);
    this.agents.delete(entry.name);
    this.byName.delete(entry.name);
    this.settings.breakers.leave(entry);
    for (const route of entry.routes) route.remove(entry);
    for (const capability of entry.capabilities) {
      const route = this.byCapability.get(capability);
      if (route !== undefined && route.threads.agents.length + route.loop.agents.length === 0) {
        this.byCapability.delete(capability);
      }
    }
    return entry.routes;
  }

  /** @throws ConfigError UNKNOWN_AGENT with the nearest name. */
  resolve(target: unknown): Route {
    const route =
      typeof target === 'string'
        ? this.byName.get(target)
        : this.byCapability.get((target as { capability?: string } | null)?.capability ?? '');
    return route ?? this.unknown(target);
  }

  /** All agents, as they were registered. */
  *definitions(): Iterable<Agent> {
    for (const { definition } of this.agents.values()) yield definition;
  }

  /** The route of an agent's name, if there is one. */
  routeOf(name: string): Route | undefined {
    return this.byName.get(name);
  }

  /** A removed agent has nothing left to do; what it did still counts for its lane. */
  forget(entry: AgentEntry): void {
    if (!this.leaving.delete(entry)) return;
    entry.station.servers.delete(entry);
    for (const { servers } of entry.spender.resources) servers.delete(entry);
    this.settings.stations.leave(entry);
    for (const { agents, flow } of entry.routes) if (agents.length === 0) flow.station.remove(flow);
    this.gone[entry.lane].add(entry);
  }

  /** All that agents of a lane have done since the start. */
  totals(lane: 'threads' | 'loop'): LaneTotals {
    const totals = new LaneTotals();
    totals.add(this.gone[lane]);
    for (const entry of this.leaving) if (entry.lane === lane) totals.add(entry);
    for (const entry of this.agents.values()) if (entry.lane === lane) totals.add(entry);
    return totals;
  }

  *routes(): Iterable<Route> {
    yield* this.byName.values();
    yield* this.byCapability.values();
  }

  private route(map: Map<string, Route>, key: string, kind: Route['kind'], first: AgentEntry): Route {
    let route = map.get(key);
    if (route === undefined) {
      route = new Route(kind, key, this.owner, this.ageMs, first);
      map.set(key, route);
    }
    return route;
  }

  private unknown(target: unknown): never {
    const capability = (target as { capability?: unknown } | null | undefined)?.capability;
    const isName = typeof target === 'string';
    if (!isName && typeof capability !== 'string') {
      const message = `target: expected an agent's name or { capability }, got ${describe(target)}`;
      throw new ConfigError('UNKNOWN_AGENT', 'target', message, { received: describe(target) });
    }
    const wanted = isName ? target : (capability as string);
    const known = [...(isName ? this.byName : this.byCapability).keys()];
    const near = nearest(wanted, known);
    const hint = near
      ? `did you mean "${near}"?`
      : `known are ${known.length > 0 ? known.slice(0, 20).join(', ') : 'none'}`;
    const what = isName ? 'agent' : 'capability';
    throw new ConfigError('UNKNOWN_AGENT', 'target', `no ${what} "${wanted}" is registered; ${hint}`, {
      received: wanted,
      ...(near && { expected: near }),
    });
  }
}
