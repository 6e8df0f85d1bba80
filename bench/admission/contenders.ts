import { FixedLimit } from '../../src/admission/fixed-limit.ts';
import { NoLimit } from '../../src/admission/no-limit.ts';
import { AimdLimit } from '../../test/simulation/baselines/aimd.ts';
import { CoDelLimit } from '../../test/simulation/baselines/codel.ts';
import { Gradient2Limit } from '../../test/simulation/baselines/gradient2.ts';
import { PidLimit } from '../../test/simulation/baselines/pid.ts';
import { VegasLimit } from '../../test/simulation/baselines/vegas.ts';
import type { Policy } from '../../test/simulation/scenario.ts';
import type { LaneName } from '../../test/simulation/workload.ts';
import { SPILLWAY } from '../row.ts';
import { SLO_MS } from './objectives.ts';

/** A policy, with the setting that it has on each lane. */
export interface Contender {
  readonly name: string;
  policy(lane: LaneName): Policy;
}

/** Calls at once, for contenders that bound the queue and not the calls. The knee of most scenarios is 64. */
const CALLS = 100;
/** Tasks that may wait before controllers that steer by the wait: they see it late, and without a bound it runs away. */
const QUEUE: Readonly<Record<LaneName, number>> = { threads: 40, loop: 300 };
/** Wait that the PID controller holds, over the objective: the best of those that were tried. */
const SETPOINT: Readonly<Record<LaneName, number>> = { threads: 0.29, loop: 0.125 };
/** Bounds of the limits that find their own. */
const BOUNDS = { initial: 20, min: 4, max: 1_000 } as const;

/** Steers once in a tenth of the objective, or in so many samples. */
const windowOf = (lane: LaneName, samples: number) => ({ ...BOUNDS, windowMs: SLO_MS[lane] / 10, samples });

/** All but Spillway serve first come, first served, as they do where they come from. */
const baseline = (name: string, policy: Contender['policy']): Contender => ({
  name,
  policy: (lane) => ({ ...policy(lane), isFifo: true }),
});

const none = baseline('none', () => ({ limit: () => new NoLimit({ capacity: 10_000 }) }));

const boundedQueue = baseline('bounded queue of 100', () => ({
  limit: () => new NoLimit({ capacity: 100 }),
  queueLimit: 100,
  concurrency: CALLS,
}));

/** 0.8 of a capacity that someone guessed: right if it happens to be. */
const fixed = (name: string, capacities: Readonly<Record<LaneName, number>>) =>
  baseline(name, (lane) => ({ limit: () => new FixedLimit({ capacity: capacities[lane], threshold: 0.8 }) }));

const aimd = baseline('AIMD on p99', (lane) => ({
  limit: (clock) => new AimdLimit({ ...windowOf(lane, 100), targetMs: SLO_MS[lane] }, clock),
}));

const gradient2 = baseline('Gradient2', (lane) => ({
  limit: (clock) => new Gradient2Limit(windowOf(lane, 10), clock),
}));

const vegas = baseline('Vegas', (lane) => ({ limit: (clock) => new VegasLimit(windowOf(lane, 10), clock) }));

const codel = baseline('CoDel + priorities', (lane) => ({
  limit: (clock) => new CoDelLimit({ targetMs: SLO_MS[lane] / 4, intervalMs: SLO_MS[lane] / 2 }, clock),
  queueLimit: QUEUE[lane],
  concurrency: CALLS,
}));

const pid = baseline('PID on queue delay', (lane) => ({
  limit: (clock) =>
    new PidLimit(
      {
        setpointMs: SETPOINT[lane] * SLO_MS[lane],
        periodMs: SLO_MS[lane] / 10,
        gains: { p: 0.2, i: 0.01, d: 0 },
      },
      clock,
    ),
  queueLimit: QUEUE[lane],
  concurrency: CALLS,
}));

export const SPILLWAY_ADAPTIVE: Contender = { name: SPILLWAY, policy: () => ({}) };

/** All, in the order of the table. */
export const CONTENDERS: readonly Contender[] = [
  none,
  boundedQueue,
  fixed('fixed 0.8, small', { threads: 10, loop: 40 }),
  fixed('fixed 0.8, large', { threads: 200, loop: 200 }),
  aimd,
  gradient2,
  vegas,
  codel,
  pid,
  SPILLWAY_ADAPTIVE,
];

/** Those that stand beside Spillway where it gets hard. */
export const HARD_CONTENDERS: readonly Contender[] = [gradient2, codel, pid, SPILLWAY_ADAPTIVE];
