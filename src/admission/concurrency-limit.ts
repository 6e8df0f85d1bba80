import { Epoch, type EpochTally } from './epoch.ts';
import { above, type Fit, KneeFit } from './knee-fit.ts';
import type { Phase } from './limit-phase.ts';

/** Completions that an epoch has at least, and as a share of the limit. */
const EPOCH = {
  climbing: [16, 0.25],
  tracking: [48, 1],
  looking: [64, 0.5],
  confirming: [24, 0],
  testing: [40, 0.25],
} as const;
/**
 * An epoch lasts at least this long, in milliseconds: calls that end at once would make thousands of them a second, at a
 * cost, and each would show one moment of the machine.
 */
const SHORTEST_MS = 50;
/** Shorter calls count as this long, in milliseconds: it is what clocks can tell apart. */
const INSTANT_MS = 1e-3;
/** Completions between looks for a surprise. */
const WATCH_EVERY = 24;
/** Share of the time at the limit from which on an epoch says something about it. */
const SATURATED = 0.6;
/** ln(latency) over what the fit expects that is a surprise. */
const SURPRISE = 0.45;
/** Fall of ln(latency), of the possible one, from which on the surprise is taken to be our doing. */
const OURS = 0.45;
/** How far above the knee to settle: it keeps the upstream busy, and costs each call 5 %. */
const PUSH = 1.08;
/** How far above the knee the limit may be while it is rarely reached. */
const SLACK = 1.3;
/** Most that the limit moves in an epoch, and what it grows by while no knee is seen. */
const STEP = { down: 0.8, up: 1.15 } as const;
/** Epochs between looks downward. */
const LOOK_EVERY = 24;
const LOOK = 0.8;
/** A knee this near to the lowest observation may as well be below it. */
const BOTTOM = 1.06;
/** Observations further above the limit than this are forgotten once the climb is over, and how it goes on without. */
const TOP = 1.15;
const CLIMB_ON = 1.5;
/** Epochs after which a knee that the climb has found is believed. */
const SURE_AFTER = 4;

export interface ConcurrencyOptions {
  /** Where to start. */
  readonly initial: number;
  readonly min: number;
  readonly max: number;
}

const START: Phase = { kind: 'tracking', epochs: 0, isSure: true };

/**
 * Finds how many calls an upstream serves at full speed. Below that knee latency does not depend on how many there are,
 * above it latency grows with them. Each epoch, some completions at one limit, gives a point (calls in flight, latency);
 * `KneeFit` finds the knee in the last of them, and the limit settles just above it.
 *
 * The points must not all lie at one place: every few epochs it looks at three quarters of the limit. And they must be
 * of one upstream: if latency leaves the fit, it halves the limit and asks whether latency falls with it. If so, the
 * knee has moved; if not, the upstream has become slower for everyone, and the limit returns.
 *
 * Fed with samples; knows nothing of promises and timers. docs/ARCHITECTURE.md, "Admission", says where it comes from.
 */
export class ConcurrencyLimit {
  limit: number;
  private readonly min: number;
  private max: number;
  private readonly tallies: ReadonlySet<EpochTally>;
  private phase: Phase = { kind: 'climbing' };
  private readonly knee = new KneeFit();
  private fit: Fit | undefined = undefined;
  /** What all epochs are compared with; which one does not matter, for the fit finds the base. */
  private reference: Epoch | undefined = undefined;
  // The epoch under way.
  private skip: number;
  private draining = false;
  private running = 0;
  private count = 0;
  private elapsedMs = 0;
  private slotMs = 0;
  private fullMs = 0;
  private peak = 0;
  /** Called when the limit has changed. */
  onChange: () => void = () => {};

  constructor(options: ConcurrencyOptions, tallies: ReadonlySet<EpochTally>) {
    this.limit = options.initial;
    this.min = options.min;
    this.max = options.max;
    this.tallies = tallies;
    // The first to complete are the short ones.
    this.skip = Math.ceil(1.5 * options.initial);
  }

  /** Counts time with so many calls in flight. */
  advance(elapsedMs: number, running: number): void {
    this.running = running;
    this.elapsedMs += elapsedMs;
    this.slotMs += elapsedMs * running;
    if (running >= Math.floor(this.limit)) this.fullMs += elapsedMs;
    if (running > this.peak) this.peak = running;
  }

  complete(tally: EpochTally, serviceMs: number): void {
    if (this.draining) {
      if (this.running > this.limit) return;
      this.draining = false;
    }
    if (this.skip > 0) {
      if (--this.skip === 0) this.clear();
      return;
    }
    tally.count++;
    tally.sumLn += Math.log(Math.max(INSTANT_MS, serviceMs));
    tally.sumMs += serviceMs;
    this.count++;
    if (this.elapsedMs < SHORTEST_MS) return;
    if (this.count >= this.needed || (this.count % WATCH_EVERY === 0 && this.isSurprised())) this.endEpoch();
  }

  /** The upstream said that it has too much. */
  refuse(): void {
    this.set(0.8 * this.limit);
    this.phase = START;
  }

  /** The most that may be tried has changed, and where to start if nothing is known yet. */
  rebound(max: number, initial: number): void {
    this.max = max;
    if (this.fit === undefined) this.set(initial);
    else if (this.limit > max) this.set(max);
  }

  /** Completions that the epoch under way has to have. */
  private get needed(): number {
    const [least, share] = EPOCH[this.phase.kind];
    return Math.max(least, share * this.limit);
  }

  private isSurprised(): boolean {
    const { phase, reference, fit } = this;
    if (phase.kind !== 'tracking' || reference === undefined || fit === undefined) return false;
    const n = this.slotMs / this.elapsedMs;
    const slowness = Epoch.of(n, this.slotMs, this.tallies).slowerThan(reference);
    return this.departs(n, slowness, fit);
  }

  /** Whether latency is far above what the fit expects at n. */
  private departs(n: number, slowness: number, fit: Fit): boolean {
    return slowness - fit.base - above(n, fit.knee) > SURPRISE;
  }

  private endEpoch(): void {
    const { elapsedMs, fullMs, peak, phase } = this;
    const epoch = Epoch.of(this.slotMs / elapsedMs, this.slotMs, this.tallies);
    this.clear();
    if (!(elapsedMs > 0) || !(epoch.n > 0)) return;
    const { n, count } = epoch;
    const { fit: before } = this;
    this.reference =
      this.reference?.with(epoch, before === undefined ? 0 : before.base + above(n, before.knee)) ?? epoch;
    const slowness = epoch.slowerThan(this.reference);
    if (phase.kind === 'testing') {
      this.judge(n, epoch.fewerThan(this.reference), count, phase);
      return;
    }
    const isSurprise = before !== undefined && this.departs(n, slowness, before);
    if (isSurprise && phase.kind === 'tracking') {
      this.phase = { kind: 'confirming', epochs: phase.epochs, isSure: phase.isSure };
      return;
    }
    if (isSurprise && phase.kind === 'confirming') {
      this.phase = { kind: 'testing', from: this.limit, n, slowness: epoch.fewerThan(this.reference) };
      this.set(0.5 * this.limit);
      return;
    }
    this.knee.add({ n, slowness, count });
    const fit = this.knee.fit();
    this.fit = fit;
    if (phase.kind === 'looking') this.look(n, fit, phase.from);
    else if (fullMs < SATURATED * elapsedMs) this.idle(fit, peak);
    else if (phase.kind === 'climbing') this.climb(fit);
    else this.track(fit, phase.epochs + 1, phase.isSure);
  }

  private climb(fit: Fit): void {
    if (!fit.isSeen && this.limit < this.max) {
      this.set(2 * this.limit);
      return;
    }
    this.phase = { kind: 'tracking', epochs: 0, isSure: false };
    if (fit.isSeen) this.set(PUSH * fit.knee);
  }

  private track(fit: Fit, epochs: number, wasSure: boolean): void {
    const isSure = wasSure || epochs >= SURE_AFTER;
    if (isSure && !wasSure && this.limit < this.max) {
      // A few slow calls at the top of the climb would stand for ever, for nobody goes there again.
      this.knee.forgetAbove(TOP * this.limit);
      this.fit = this.knee.fit();
      if (!this.fit.isSeen) {
        this.phase = { kind: 'climbing' };
        this.set(CLIMB_ON * this.limit);
        return;
      }
    }
    if (!isSure && !fit.isSeen && this.limit < this.max) {
      // The climb was stopped by a few slow calls.
      this.phase = { kind: 'climbing' };
      this.set(2 * this.limit);
    } else if (epochs >= LOOK_EVERY) {
      this.phase = { kind: 'looking', from: this.limit };
      this.set(LOOK * this.limit);
    } else {
      this.phase = { kind: 'tracking', epochs, isSure };
      this.move(this.goal(this.limit, fit));
    }
  }

  private look(n: number, fit: Fit, from: number): void {
    // Latency falls all the way down to here: the knee may be lower still.
    if (fit.isSeen && fit.knee < BOTTOM * n && this.limit > this.min) {
      this.phase = { kind: 'looking', from: this.limit };
      this.set(LOOK * this.limit);
      return;
    }
    this.phase = START;
    this.set(this.goal(from, fit));
  }

  /** Where to go from a limit. */
  private goal(from: number, fit: Fit): number {
    const goal = fit.isSeen ? PUSH * fit.knee : STEP.up * from;
    return Math.min(STEP.up * from, Math.max(STEP.down * from, goal));
  }

  private judge(
    n: number,
    slowness: number,
    count: number,
    phase: Extract<Phase, { kind: 'testing' }>,
  ): void {
    const fell = phase.slowness - slowness;
    const ours = fell > OURS * above(phase.n, n);
    // Either way, what was seen before is of another upstream.
    this.knee.restart();
    this.knee.add({ n: phase.n, slowness: phase.slowness, count });
    this.knee.add({ n, slowness, count });
    this.fit = this.knee.fit();
    if (ours) {
      this.look(n, { ...this.fit, knee: Math.min(n, this.fit.knee), isSeen: true }, this.limit);
      return;
    }
    this.phase = START;
    this.set(phase.from);
  }

  /** The limit is not what holds tasks back. */
  private idle(fit: Fit, peak: number): void {
    const most = fit.isSeen ? Math.min(this.limit, SLACK * fit.knee) : this.limit;
    this.move(Math.min(most, Math.max(this.min, 0.97 * this.limit, 1.2 * peak)));
    this.phase = { kind: 'climbing' };
  }

  /** Changes the limit by so little that the next epoch is as good as one at the new limit. */
  private move(limit: number): void {
    const bounded = Math.min(this.max, Math.max(this.min, limit));
    if (bounded === this.limit) return;
    this.limit = bounded;
    this.onChange();
  }

  private set(limit: number): void {
    const before = this.limit;
    this.move(limit);
    // What completes next started under the old limit, or is short: one turnover does not count. Where the limit came
    // down, there are more calls than it allows at first.
    this.draining = this.limit < before;
    this.skip = Math.ceil(Math.min(this.limit, Math.max(this.peak, this.min)));
    this.clear();
  }

  private clear(): void {
    for (const tally of this.tallies) tally.clear();
    this.count = 0;
    this.elapsedMs = 0;
    this.slotMs = 0;
    this.fullMs = 0;
    this.peak = 0;
  }
}
