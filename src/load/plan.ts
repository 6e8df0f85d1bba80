import { basename } from 'node:path';
import type { Random } from '../contract/clock.ts';
import { ConfigError } from '../contract/errors.ts';
import type { LoadReport } from '../report/report.ts';
import { arrivalsOf, type RateKind } from './arrivals.ts';
import { CLIMB, type FullLoadOptions, LOAD_DEFAULTS, type Rate } from './options.ts';
import type { Trace } from './trace.ts';

/** When tasks arrive, once everything that it depends on is known. */
export interface ArrivalPlan {
  /** From the start of the run, in milliseconds. */
  readonly arrivals: Iterator<number>;
  readonly durationMs: number;
  /** For the report. */
  readonly description: LoadReport['run']['arrivals'];
}

/** Most intervals of a run: each is a line an agent in the log, and an entry in the report. */
const MAX_INTERVALS = 50_000;

/** Whether any rate is a multiple of a capacity that has to be measured first. */
export function needsCapacity({ rate, toRate }: FullLoadOptions): boolean {
  return 'timesCapacity' in rate || (toRate !== undefined && 'timesCapacity' in toRate);
}

/** @param capacityPerSecond `undefined` if it was not measured */
export function planArrivals(
  options: FullLoadOptions,
  trace: Trace | undefined,
  capacityPerSecond: number | undefined,
  random: Random,
): ArrivalPlan {
  const { rate } = options;
  const times = 'timesCapacity' in rate ? { timesCapacity: rate.timesCapacity } : {};
  const measured = capacityPerSecond === undefined ? {} : { capacityPerSecond, ...times };
  const plan =
    trace === undefined
      ? planRate(options, options.arrivals as RateKind, capacityPerSecond, random)
      : planTrace(options, trace, capacityPerSecond);
  const intervals = plan.durationMs / options.intervalMs;
  if (intervals > MAX_INTERVALS) {
    const least = Math.ceil(plan.durationMs / MAX_INTERVALS);
    const message = `intervalMs: expected at least ${least} for so long a run, got ${options.intervalMs}`;
    throw new ConfigError('INVALID_OPTION', 'intervalMs', message);
  }
  return { ...plan, description: { ...plan.description, ...measured } };
}

function planRate(
  options: FullLoadOptions,
  kind: RateKind,
  capacityPerSecond: number | undefined,
  random: Random,
): ArrivalPlan {
  const { burst, warmupMs, durationMs = LOAD_DEFAULTS.durationMs, rate, toRate } = options;
  const ratePerSecond = perSecond(rate, capacityPerSecond);
  const toRatePerSecond = toRate === undefined ? ratePerSecond * CLIMB : perSecond(toRate, capacityPerSecond);
  const climbs = kind === 'step' || kind === 'ramp';
  return {
    arrivals: arrivalsOf({ kind, ratePerSecond, toRatePerSecond, burst, warmupMs, durationMs }, random),
    durationMs,
    description: {
      kind,
      ratePerSecond,
      ...(climbs ? { toRatePerSecond } : {}),
      ...(kind === 'bursty'
        ? { burstFactor: burst.factor, burstShare: burst.share, burstPeriodMs: burst.periodMs }
        : {}),
    },
  };
}

function planTrace(
  { rate, speed: asked, warmupMs, durationMs }: FullLoadOptions,
  trace: Trace,
  capacityPerSecond: number | undefined,
): ArrivalPlan {
  const recordedPerSecond = (1_000 * trace.calls.length) / Math.max(1, trace.spanMs);
  const speed = 'timesCapacity' in rate ? perSecond(rate, capacityPerSecond) / recordedPerSecond : asked;
  // The last call is part of it.
  const lengthMs = trace.spanMs / speed + 1;
  if (lengthMs <= warmupMs) {
    const lasts = `${trace.path} lasts ${(lengthMs / 1_000).toFixed(2)} s at ${speed.toFixed(2)} times its speed`;
    const message = `warmupMs: expected less than the trace is long, got ${warmupMs}; ${lasts}; shorten the warm-up or replay more slowly`;
    throw new ConfigError('INVALID_OPTION', 'warmupMs', message);
  }
  return {
    arrivals: callTimes(trace, speed),
    durationMs: Math.min(durationMs ?? Number.POSITIVE_INFINITY, lengthMs - warmupMs),
    description: {
      kind: 'trace',
      file: basename(trace.path),
      calls: trace.calls.length,
      speed,
      ratePerSecond: recordedPerSecond * speed,
    },
  };
}

function* callTimes({ calls }: Trace, speed: number): Generator<number> {
  for (const { atMs } of calls) yield atMs / speed;
}

function perSecond(rate: Rate, capacityPerSecond: number | undefined): number {
  if ('perSecond' in rate) return rate.perSecond;
  if (capacityPerSecond === undefined) throw new Error('a multiple of a capacity that was not measured');
  return rate.timesCapacity * capacityPerSecond;
}
