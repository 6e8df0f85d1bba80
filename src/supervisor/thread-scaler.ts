import type { Clock } from '../contract/clock.ts';
import type { EngineEvents } from '../contract/events.ts';
import { DEFAULTS, type EngineOptions } from '../contract/options.ts';
import type { ScaleSignal } from '../contract/scaling.ts';
import { recall, retire } from '../lanes/retire.ts';
import type { ThreadLane } from '../lanes/thread-lane.ts';
import { threadBounds } from './lane-options.ts';
import type { Registry } from './registry.ts';
import {
  decideScaling,
  initialScaling,
  type LoadPicture,
  type ScalingRules,
  type ScalingState,
  wantedThreads,
} from './scaling.ts';
import { ThreadMeter } from './thread-meter.ts';

/** How often the threads are looked at, in milliseconds. */
const LOOK_EVERY_MS = 250;
/** Share of the objective that what waits may take to be worked off. */
const WAIT_SHARE = 0.25;

/** What the number of threads follows from. */
export interface ScalerParts {
  readonly clock: Clock;
  readonly lane: ThreadLane;
  readonly registry: Registry;
  /** Threads that only high priority may take. */
  readonly reserved: number;
  /** There are fewer threads that take work. */
  readonly onChange: () => void;
  readonly emit: (event: 'scaled', value: EngineEvents['scaled']) => void;
}

/** Starts threads and gives them up again as `decideScaling` says; and says how many it would want. */
export class ThreadScaler {
  private readonly parts: ScalerParts;
  private readonly rules: ScalingRules;
  private readonly unbounded: ScalingRules;
  private readonly meter: ThreadMeter;
  private readonly signalMeter: ThreadMeter;
  private state: ScalingState;
  private cancelLook: () => void = () => {};

  constructor(parts: ScalerParts, options: EngineOptions) {
    this.parts = parts;
    this.rules = rulesOf(options, parts.reserved);
    this.unbounded = { ...this.rules, min: parts.reserved + 1, max: Number.MAX_SAFE_INTEGER };
    const nowMs = parts.clock.now();
    this.meter = new ThreadMeter(parts.lane, nowMs);
    this.signalMeter = new ThreadMeter(parts.lane, nowMs);
    this.state = initialScaling(nowMs);
    if (this.rules.max > this.rules.min) this.lookLater();
  }

  close(): void {
    this.cancelLook();
  }

  signal(): ScaleSignal {
    const picture = this.look(this.signalMeter);
    const { threads, load, waitingMs } = picture;
    return {
      ...wantedThreads(picture, this.unbounded),
      current: threads,
      load,
      waitMs: waitingMs / Math.max(1, threads),
    };
  }

  private lookLater(): void {
    this.cancelLook = this.parts.clock.schedule(LOOK_EVERY_MS, () => this.follow(), true);
  }

  private follow(): void {
    const { clock, lane, emit, onChange } = this.parts;
    const picture = this.look(this.meter);
    const { state, target, why } = decideScaling(this.state, picture, this.rules, clock.now());
    this.state = state;
    const { pool } = lane;
    const from = pool.size;
    while (pool.size < target) if (!recall(lane)) pool.grow();
    while (pool.size > target && retire(lane));
    if (pool.size < from) onChange();
    if (pool.size !== from) emit('scaled', { from, to: pool.size, why });
    this.lookLater();
  }

  private look(meter: ThreadMeter): LoadPicture {
    const { clock, lane, registry } = this.parts;
    return {
      threads: lane.pool.size,
      load: meter.load(clock.now()),
      waitingMs: waitingWorkMs(registry),
    };
  }
}

/** The bounds and aims that the options give. */
function rulesOf({ threads, slo }: EngineOptions, reserved: number): ScalingRules {
  const defaults = DEFAULTS.threads.scaling;
  const asked = threads?.scaling;
  const { min, max } = threadBounds(threads, reserved);
  return {
    min,
    max,
    targetLoad: asked?.targetLoad ?? defaults.targetLoad,
    coolDownMs: asked?.coolDownMs ?? defaults.coolDownMs,
    quietMs: asked?.quietMs ?? defaults.quietMs,
    allowedWaitMs: WAIT_SHARE * (slo?.p99Ms ?? DEFAULTS.slo.p99Ms),
  };
}

/** What waits for threads, as its agents' service times were measured, in milliseconds of one thread. */
function waitingWorkMs(registry: Registry): number {
  let workMs = 0;
  for (const { queue, threads } of registry.routes()) {
    if (queue.size === 0 || threads.agents.length === 0) continue;
    let expectedMs = 0;
    for (const agent of threads.agents) expectedMs = Math.max(expectedMs, agent.expectedMs);
    workMs += queue.size * expectedMs;
  }
  return workMs;
}
