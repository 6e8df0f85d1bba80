import type { LoadReport } from '../report/report.ts';
import type { ArrivalKind, RateKind } from './arrivals.ts';
import type { LoadOptions } from './options.ts';

/**
 * The options that offer the load of a report once more: the same tasks at the same times, whatever engine they are
 * offered to. The engine's own settings and the objective are left open.
 */
export function loadAgain({ run }: LoadReport): LoadOptions {
  const { target, directory, work, arrivals, trace, seed, priorities } = run;
  const { warmupMs, durationMs, intervalMs, drainMs } = run;
  return {
    ...{ target, cwd: directory, seed, priorities, warmupMs, durationMs, intervalMs, drainMs },
    ...arrivalOptions(arrivals),
    ...(trace !== null && { trace }),
    ...(work.kind === 'cpu' && { cpu: parametersOf(work) }),
    ...(work.kind === 'upstream' && { upstream: parametersOf(work) }),
  };
}

/** As `planArrivals` describes them. What is missing or wrong is found when the options are checked. */
function arrivalOptions(arrivals: LoadReport['run']['arrivals']): Partial<LoadOptions> {
  const number = (name: string) => arrivals[name] as number;
  const kind = arrivals.kind as ArrivalKind;
  if (kind === 'trace') return { arrivals: kind, speed: number('speed') };
  return {
    arrivals: kind satisfies RateKind,
    rate: { perSecond: number('ratePerSecond') },
    ...((kind === 'step' || kind === 'ramp') && { toRate: { perSecond: number('toRatePerSecond') } }),
    ...(kind === 'bursty' && {
      burst: {
        factor: number('burstFactor'),
        share: number('burstShare'),
        periodMs: number('burstPeriodMs'),
      },
    }),
  };
}

function parametersOf<T extends { readonly kind: string }>({ kind: _kind, ...parameters }: T) {
  return parameters;
}
