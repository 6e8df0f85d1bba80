import type { EngineEvents } from '../contract/events.ts';
import type { EpochTally } from './epoch.ts';
import { CLASSES } from './priority-class.ts';
import { ServiceWindow } from './service-window.ts';
import type { Station } from './station.ts';

/** Completions that the mean remembers. */
const MEMORY = 64;
/** Fewer samples say nothing about a p99. */
const ENOUGH = 100;
/** What stands for the p99 until then: so many means. */
const GUESSED_P99 = 4;

/** An agent, as admission sees it. */
export interface Server {
  readonly station: Station;
  readonly inFlight: number;
  readonly limit: number;
  readonly sloMs: number;
  readonly tally: EpochTally;
}

/** Tasks of one kind: what is asked of one agent, or of one capability. They share an objective and a service time. */
export class Flow {
  station: Station;
  servers: readonly Server[] = [];
  /** The objective: 99 % of the tasks end within this time, in milliseconds. */
  sloMs: number;
  /** Places that all servers together have. */
  places = Number.POSITIVE_INFINITY;
  readonly waiting: number[] = new Array(CLASSES).fill(0);
  /** How long a task may wait, by class, in milliseconds; kept up to date by the station. */
  readonly allowedMs: number[];
  /** Mean service time of the last tasks, in milliseconds. */
  meanMs = 0;
  /** The mean as it was at the station's last tick: what each waiting task is counted with until the next. */
  plannedMs = 0;
  p50Ms = 0;
  p99Ms = 0;
  measured = 0;
  /** It was said that the objective is below the service time itself. */
  isInfeasible = false;
  readonly name: string;
  private readonly service = new ServiceWindow();
  private stale = false;

  constructor(name: string, station: Station, sloMs: number) {
    this.name = name;
    this.station = station;
    this.sloMs = sloMs;
    this.allowedMs = new Array(CLASSES).fill(sloMs);
  }

  /** The agents that take these tasks now. Where they are of several stations, the first one's is asked. */
  serve(servers: readonly Server[]): void {
    this.servers = servers;
    // Nobody serves them now; those who wait stay where they are.
    if (servers.length === 0) return;
    this.places = 0;
    this.sloMs = Number.POSITIVE_INFINITY;
    for (const { limit, sloMs } of servers) {
      this.places += limit;
      this.sloMs = Math.min(this.sloMs, sloMs);
    }
    this.station.remove(this);
    this.station = servers[0]!.station;
    this.station.add(this);
  }

  /** Takes in one service time. */
  record(serviceMs: number): void {
    this.measured++;
    this.meanMs += (serviceMs - this.meanMs) / Math.min(this.measured, MEMORY);
    this.service.record(serviceMs);
    this.stale = true;
  }

  /** Brings what was measured since the last time into what is planned with. `fallbackMs` is the station's mean. */
  plan(fallbackMs: number): void {
    this.plannedMs = this.measured === 0 ? fallbackMs : this.meanMs;
    if (this.stale) {
      this.stale = false;
      this.p50Ms = this.service.quantile(0.5);
      this.p99Ms = this.service.quantile(0.99);
    }
    if (this.measured < ENOUGH) this.p99Ms = GUESSED_P99 * this.plannedMs;
    if (this.measured === 0) this.p50Ms = this.plannedMs;
  }

  /** Attempts of the servers, whatever they came for. */
  get inFlight(): number {
    let sum = 0;
    for (const server of this.servers) sum += server.inFlight;
    return sum;
  }

  get waitingTotal(): number {
    let sum = 0;
    for (const n of this.waiting) sum += n;
    return sum;
  }
}

/** What is said of a flow whose objective is below its own service time. */
export function infeasible({ name, sloMs, p50Ms, measured }: Flow): EngineEvents['infeasible'] {
  return { target: name, sloMs, serviceP50Ms: p50Ms, samples: measured };
}
