import type { Random } from '../../src/contract/clock.ts';
import { seededRandom } from '../../src/upstream/seeded-random.ts';
import type { VirtualClock } from './virtual-clock.ts';
import { drawClass, drawService, type LaneName, MEAN_MS, type Mix, meanFactor } from './workload.ts';

/** What a client wants done; it stays the same however often it is sent. */
export interface Request {
  readonly agent: number;
  /** Index in `PRIORITIES`. */
  readonly cls: number;
  /** Service time at full speed, in milliseconds. */
  readonly workMs: number;
  /** How often it was sent before. */
  readonly retries: number;
}

/**
 * Clients that send again what was rejected, and what was not answered within the objective. The wait before retry k
 * is drawn from the upper half of `backoffMs * 2^(k - 1)`. Work that a client has given up on stays where it is.
 */
export interface Retries {
  readonly most: number;
  readonly backoffMs: number;
}

export interface ClientOptions {
  readonly lane: LaneName;
  readonly seed: number;
  readonly mix: Mix;
  /** Offered over capacity, retries aside, at a moment of the run. */
  readonly load: (atS: number) => number;
  /** What serves at once at full speed, at the start. */
  readonly slots: number;
  readonly retries: Retries | undefined;
  readonly send: (request: Request) => void;
}

/**
 * Open-loop Poisson arrivals: nobody waits for an answer before the next one comes. What arrives, and when, depends on
 * the seed alone: every policy is offered the same.
 */
export class Clients {
  private readonly clock: VirtualClock;
  private readonly options: ClientOptions;
  private readonly arrivals: Random;
  private readonly services: Random;
  private readonly backoffs: Random;

  constructor(clock: VirtualClock, options: ClientOptions) {
    this.clock = clock;
    this.options = options;
    this.arrivals = seededRandom(options.seed);
    this.services = seededRandom(options.seed + 7_919);
    this.backoffs = seededRandom(options.seed + 15_485_863);
  }

  start(): void {
    const { lane, mix, load, slots } = this.options;
    const atS = this.clock.passedMs / 1_000;
    const ratePerMs = (Math.max(1e-9, load(atS)) * slots) / (MEAN_MS[lane] * meanFactor(mix, atS));
    this.clock.schedule(-Math.log(1 - this.arrivals()) / ratePerMs, () => this.arrive());
  }

  private arrive(): void {
    const { lane, mix, send } = this.options;
    const cls = drawClass(this.arrivals);
    const agent = mix.pick(this.clock.passedMs / 1_000, this.arrivals());
    const workMs = drawService(lane, this.services) * mix.factors[agent]! * MEAN_MS[lane];
    send({ agent, cls, workMs, retries: 0 });
    this.start();
  }

  /** A request was rejected, or not answered in time. */
  disappointed(request: Request): void {
    const { retries, send } = this.options;
    if (retries === undefined || request.retries >= retries.most) return;
    const delayMs = retries.backoffMs * 2 ** request.retries * (0.5 + 0.5 * this.backoffs());
    this.clock.schedule(delayMs, () => send({ ...request, retries: request.retries + 1 }));
  }
}
