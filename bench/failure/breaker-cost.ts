import { CircuitState, circuitBreaker, handleAll, SamplingBreaker } from 'cockatiel';
import { Bench } from 'tinybench';
import { breakerRules } from '../../src/contract/breaker.ts';
import { systemClock } from '../../src/contract/clock.ts';
import { Breaker } from '../../src/dispatch/breaker.ts';

/** What a call that succeeds costs with a breaker that is closed, in nanoseconds. */
export interface BreakerCost {
  /** Ours: a call starts, and its result is taken in. */
  readonly own: number;
  /** Cockatiel's sampling breaker alone: a result is taken in, without the policy around it. */
  readonly cockatielSample: number;
  /** Cockatiel as it is meant to be used: the call goes through `execute`. */
  readonly cockatielExecute: number;
  /** What `cockatielExecute` contains that is not cockatiel's: the await of an async function. */
  readonly bareAwait: number;
}

/** Calls behind one call of the timed function. */
const CALLS = 1_024;

export async function breakerCost(timeMs: number): Promise<BreakerCost> {
  const events = { changed: () => {}, roomMade: () => {} };
  const own = new Breaker(breakerRules(true), undefined, events, systemClock.now());
  const sampling = new SamplingBreaker({ threshold: 0.05, duration: 10_000, minimumRps: 2 });
  const policy = circuitBreaker(handleAll, {
    halfOpenAfter: 500,
    breaker: new SamplingBreaker({ threshold: 0.05, duration: 10_000, minimumRps: 2 }),
  });
  const call = {};
  const answer = async () => 1;
  const bench = new Bench({ time: timeMs, warmupTime: timeMs / 3 });
  // The engine has read the clock in any case.
  bench.add('own', () => {
    const nowMs = systemClock.now();
    for (let i = 0; i < CALLS; i++) {
      if (!own.hasRoom) throw new Error('the breaker is not closed');
      own.started(call);
      own.succeeded(call, nowMs - 1 - (i & 7), nowMs);
    }
  });
  bench.add('cockatielSample', () => {
    for (let i = 0; i < CALLS; i++) sampling.success(CircuitState.Closed);
  });
  bench.add('cockatielExecute', async () => {
    for (let i = 0; i < CALLS; i++) await policy.execute(answer);
  });
  bench.add('bareAwait', async () => {
    for (let i = 0; i < CALLS; i++) await answer();
  });
  const tasks = await bench.run();
  const figures = tasks.map(({ name, result }) => {
    if (result.state !== 'completed') throw new Error(`${name}: ${result.state}`);
    return [name, result.latency.p50 / (CALLS * 1e-6)] as const;
  });
  return Object.fromEntries(figures) as unknown as BreakerCost;
}
