import { TUNE_RULES } from './defaults.ts';
import { busiestPerSecond, meanServiceMs, type Workload } from './workload.ts';

/** How many threads, and what closed forms say of them. */
export interface ThreadChoice {
  readonly threads: number;
  /** Of the busiest tenth of the run, 0 and up; above 1 is more than the threads can do. */
  readonly utilization: number;
  readonly waitP99Ms: number;
}

/**
 * The fewest threads that carry the busiest tenth of the run with a wait that leaves the objective room for the work;
 * all that there are cores for if none do.
 */
export function chooseThreads(
  workload: Workload,
  { most, targetMs }: { readonly most: number; readonly targetMs: number },
): ThreadChoice | undefined {
  const onThreads = workload.agents.filter(({ lane }) => lane === 'threads');
  if (onThreads.length === 0) return undefined;
  const share = onThreads.reduce((sum, agent) => sum + agent.share, 0);
  const perMs = (share * busiestPerSecond(workload)) / 1_000;
  // Moments of the mixture of all agents' service times, times what each takes beside its handler.
  const moments = onThreads.map((agent) => ({
    share: agent.share / share,
    meanMs: meanServiceMs(agent) * workload.occupancy,
    variation: agent.service.distribution.variation,
  }));
  const meanMs = moments.reduce((sum, each) => sum + each.share * each.meanMs, 0);
  const squareMs = moments.reduce(
    (sum, each) => sum + each.share * each.meanMs ** 2 * (1 + each.variation),
    0,
  );
  const variation = meanMs === 0 ? 0 : squareMs / meanMs ** 2 - 1;
  const longestP99Ms = Math.max(
    ...onThreads.map(({ service }) => service.distribution.quantileMs(0.99) * service.scale),
  );
  for (let threads = 1; ; threads++) {
    const utilization = (perMs * meanMs) / threads;
    const waitP99Ms = waitQuantileMs({ servers: threads, utilization, meanMs, variation }, 0.99);
    const fits = utilization <= TUNE_RULES.threadUtilization && waitP99Ms + longestP99Ms <= targetMs;
    if (fits || threads >= most) return { threads, utilization, waitP99Ms };
  }
}

interface Station {
  readonly servers: number;
  readonly utilization: number;
  readonly meanMs: number;
  /** Squared coefficient of variation of the service time. */
  readonly variation: number;
}

/**
 * A quantile of the wait in an M/G/c queue. Mean: Allen and Cunneen's approximation, the wait of M/M/c times
 * (Ca² + Cs²) / 2 with Ca² = 1 for Poisson arrivals (A. O. Allen, Probability, Statistics and Queueing Theory, 1990).
 * Tail: exponential with that mean for those who wait at all. Infinity at a utilization of 1 and more.
 */
export function waitQuantileMs(station: Station, q: number): number {
  const { servers, utilization, meanMs, variation } = station;
  if (utilization >= 1) return Number.POSITIVE_INFINITY;
  const waits = erlangC(servers, utilization * servers);
  if (waits <= 1 - q) return 0;
  const meanOfWaitersMs = ((meanMs / (servers * (1 - utilization))) * (1 + variation)) / 2;
  return meanOfWaitersMs * Math.log(waits / (1 - q));
}

/** Share of arrivals that has to wait in M/M/c with `offered` erlangs, by the recursion of Erlang's B formula. */
export function erlangC(servers: number, offered: number): number {
  let blocked = 1;
  for (let n = 1; n <= servers; n++) blocked = (offered * blocked) / (n + offered * blocked);
  return (servers * blocked) / (servers - offered * (1 - blocked));
}
