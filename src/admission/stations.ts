import { DEFAULTS } from '../contract/options.ts';
import { ConcurrencyLimit } from './concurrency-limit.ts';
import type { EpochTally } from './epoch.ts';
import type { Flow, Server } from './flow.ts';
import { Station } from './station.ts';
import type { StationRules } from './station-rules.ts';

/** How often estimates are brought up to date, in milliseconds. */
const TICK_MS = { threads: 20, loop: 100 } as const;

/** A new agent, as stations see it. */
export interface Member extends Omit<Server, 'station'> {
  readonly name: string;
  readonly lane: 'threads' | 'loop';
  /** The upstream that it shares with others; its own by default. */
  readonly upstream: string | undefined;
  /** The limit that its options give. */
  readonly ownLimit: number | undefined;
}

interface Upstream {
  readonly station: Station;
  readonly members: Set<Member>;
  readonly tallies: Set<EpochTally>;
}

const NO_RULES: StationRules = { reserved: 0, lowShare: 0, weights: {} };

/** The stations: one for the threads, one for each upstream. */
export class Stations {
  readonly threads: Station;
  private readonly upstreams = new Map<string, Upstream>();
  private readonly adaptive: boolean;
  private readonly rules: StationRules;
  /** Called when a station has more slots than before. */
  onSlots: (station: Station) => void = () => {};
  /** Called when a station takes a pause; `station.resume()` has to be called after it. */
  onPause: (station: Station, pauseMs: number) => void = () => {};
  /** Called for tasks whose objective is below their own service time. */
  onInfeasible: (flow: Flow) => void = () => {};

  constructor(adaptive: boolean, rules: StationRules = NO_RULES) {
    this.adaptive = adaptive;
    this.rules = rules;
    this.threads = new Station('threads', 'threads', TICK_MS.threads, rules);
    this.threads.onInfeasible = (flow) => this.onInfeasible(flow);
  }

  *all(): Iterable<Station> {
    yield this.threads;
    for (const { station } of this.upstreams.values()) yield station;
  }

  /** The station of a new agent. */
  join(member: Member): Station {
    if (member.lane === 'threads') return this.threads;
    const key = keyOf(member);
    let upstream = this.upstreams.get(key);
    if (upstream === undefined) {
      const station = new Station(member.upstream ?? member.name, 'loop', TICK_MS.loop, this.rules);
      station.onInfeasible = (flow) => this.onInfeasible(flow);
      station.onSlots = () => this.onSlots(station);
      upstream = { station, members: new Set(), tallies: new Set() };
      this.upstreams.set(key, upstream);
    }
    upstream.members.add(member);
    upstream.tallies.add(member.tally);
    this.bound(upstream);
    return upstream.station;
  }

  /** An agent is gone, with its last attempt. */
  leave(member: Member): void {
    const key = keyOf(member);
    const upstream = member.lane === 'loop' ? this.upstreams.get(key) : undefined;
    if (upstream === undefined) return;
    upstream.members.delete(member);
    upstream.tallies.delete(member.tally);
    if (upstream.members.size === 0) this.upstreams.delete(key);
    else this.bound(upstream);
  }

  /**
   * The upstream said that it has too much: it gets less at once, and nothing before it wants to be asked again. A
   * refusal of a call that started before the last cut says nothing new.
   */
  refused(station: Station, startedAtMs: number, retryAfterMs: number, nowMs: number): void {
    if (startedAtMs >= station.cutAtMs) {
      station.cutAtMs = nowMs;
      station.controller?.refuse();
    }
    const untilMs = nowMs + Math.min(retryAfterMs, DEFAULTS.concurrency.maxPauseMs);
    if (retryAfterMs <= 0 || untilMs <= station.pausedUntilMs) return;
    station.pausedUntilMs = untilMs;
    this.onPause(station, untilMs - nowMs);
  }

  /** The limits that agents were given bound what is looked for; where all have one, the search starts there. */
  private bound({ station, members, tallies }: Upstream): void {
    let sum = 0;
    let allGiven = true;
    for (const { limit, ownLimit } of members) {
      sum += limit;
      if (ownLimit === undefined) allGiven = false;
    }
    if (!this.adaptive) {
      station.slots = sum;
      return;
    }
    const { initial, min, max: most } = DEFAULTS.concurrency;
    const max = Math.min(most, sum);
    const start = allGiven ? max : Math.min(initial, max);
    if (station.controller === undefined) {
      station.controller = new ConcurrencyLimit({ initial: start, min: Math.min(min, max), max }, tallies);
      station.controller.onChange = () => station.resize(station.controller!.limit);
    }
    station.controller.rebound(max, start);
    station.resize(station.controller.limit);
  }
}

/** Names of upstreams and of agents do not meet. */
function keyOf({ upstream, name }: Member): string {
  return upstream === undefined ? `agent ${name}` : `upstream ${upstream}`;
}
