import type { Size } from '../case.ts';

/** Multiples of the capacity that are offered, one after the other. */
export const LOADS = [0.5, 0.9, 1.2, 2, 5, 10] as const;
/** Offered while rejected tasks come back, and after that. */
export const STORM = { load: 2, calmLoad: 0.7 } as const;
/** Offered first, so that the policies know what they serve. */
const WARM_UP_LOAD = 0.9;
/** Offered last, to see how long the overload has its effect. */
export const BACK_LOAD = 0.5;

/** How long everything takes, in milliseconds. */
export interface Durations {
  /** Of the closed loop at each setting. */
  readonly capacityMs: number;
  readonly warmUpMs: number;
  /** The storm, and the calm after it, each. */
  readonly stormMs: number;
  /** At each load, before its window begins. */
  readonly settleMs: number;
  readonly windowMs: number;
  readonly backMs: number;
}

export type LaneName = 'threads' | 'loop';

export const DURATIONS: Readonly<Record<LaneName, Readonly<Record<Size, Durations>>>> = {
  threads: {
    full: durations(4_000, 2_000, 5_000, 1_000, 5_000, 5_000),
    quick: durations(1_500, 1_000, 1_500, 500, 1_500, 2_500),
    tiny: durations(60, 50, 60, 20, 60, 600),
  },
  loop: {
    full: durations(2_500, 5_000, 5_000, 1_500, 6_000, 5_000),
    quick: durations(1_500, 3_000, 2_000, 1_000, 2_000, 3_000),
    tiny: durations(250, 50, 60, 20, 60, 600),
  },
};

function durations(...ms: readonly [number, number, number, number, number, number]): Durations {
  const [capacityMs, warmUpMs, stormMs, settleMs, windowMs, backMs] = ms;
  return { capacityMs, warmUpMs, stormMs, settleMs, windowMs, backMs };
}

/** A time of one offered load. Milliseconds from the start of the run. */
export interface Phase {
  readonly name: 'warm-up' | 'storm' | 'calm' | 'step' | 'back';
  readonly load: number;
  readonly fromMs: number;
  /** From here on it counts. */
  readonly countFromMs: number;
  readonly untilMs: number;
  /** Whether clients send again what was rejected or failed. */
  readonly retries: boolean;
}

/** What every contender goes through without a restart: warm-up, storm and calm, the steps up, and the fall. */
export function phasesOf(lane: Durations): readonly Phase[] {
  const phases: Phase[] = [];
  let fromMs = 0;
  const add = (name: Phase['name'], load: number, settleMs: number, countedMs: number): void => {
    const countFromMs = fromMs + settleMs;
    const untilMs = countFromMs + countedMs;
    const retries = name === 'storm' || name === 'calm';
    phases.push({ name, load, fromMs, countFromMs, untilMs, retries });
    fromMs = untilMs;
  };
  add('warm-up', WARM_UP_LOAD, 0, lane.warmUpMs);
  add('storm', STORM.load, 0, lane.stormMs);
  add('calm', STORM.calmLoad, 0, lane.stormMs);
  for (const load of LOADS) add('step', load, lane.settleMs, lane.windowMs);
  add('back', BACK_LOAD, 0, lane.backMs);
  return phases;
}
