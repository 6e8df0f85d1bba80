import { describe, expect, test } from 'vitest';
import { Distribution } from '../../src/report/distribution.ts';
import { poissonP999 } from '../../src/tune/concurrency.ts';
import { Departures } from '../../src/tune/departures.ts';
import { type Settings, simulate } from '../../src/tune/simulation.ts';
import { erlangC, waitQuantileMs } from '../../src/tune/threads.ts';
import type { Workload } from '../../src/tune/workload.ts';
import { seededRandom } from '../../src/upstream/seeded-random.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';

/** An exponential distribution as fine steps. */
const exponential = (meanMs: number) => {
  const steps = 20_000;
  const values = Array.from({ length: steps }, (_, i) => -meanMs * Math.log(1 - (i + 0.5) / steps));
  return new Distribution(
    values,
    values.map(() => 1),
  );
};
const constant = (ms: number) => new Distribution([ms], [1]);

function workload(service: Distribution, perSecond: number, more: Partial<Workload> = {}): Workload {
  return {
    agents: [{ name: 'a', lane: 'threads', share: 1, service: { distribution: service, scale: 1 } }],
    phases: [{ durationMs: 80_000, arrivals: 80 * perSecond }],
    warmupMs: 5_000,
    isEven: false,
    backlog: new Map(),
    priorities: [{ level: 0, share: 1 }],
    occupancy: 1,
    ...more,
  };
}

const open: Settings = {
  threads: 1,
  bound: Number.POSITIVE_INFINITY,
  queueLimit: Number.POSITIVE_INFINITY,
  limits: new Map(),
};
const meanOf = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
const latencyOf = (load: Workload, settings: Partial<Settings> = {}) => {
  const { runs, ...rest } = simulate(load, { ...open, ...settings }, seededRandom(7));
  const all = Float64Array.from(runs.flatMap(({ all }) => [...all])).sort();
  return { ...rest, meanMs: meanOf(all), at: (q: number) => all[Math.ceil(q * all.length) - 1]! };
};

describe('the simulation agrees with theory', () => {
  test('M/M/1: the stay is exponential with mean S / (1 - rho)', () => {
    const { meanMs, at } = latencyOf(workload(exponential(1), 600));
    expect(meanMs / 2.5).toBeCloseTo(1, 1);
    expect(at(0.99) / (2.5 * Math.log(100))).toBeCloseTo(1, 1);
  });

  test('M/D/1: Pollaczek and Khinchine’s mean', () => {
    const rho = 0.7;
    expect(latencyOf(workload(constant(1), 700)).meanMs / (1 + rho / (2 * (1 - rho)))).toBeCloseTo(1, 1);
  });

  test('M/M/1/K: the share that finds it full', () => {
    const [rho, k] = [1.5, 10];
    const { shed, offered } = latencyOf(workload(exponential(1), 1_500), { bound: k });
    expect(shed / offered).toBeCloseTo(((1 - rho) * rho ** k) / (1 - rho ** (k + 1)), 2);
  });

  test('D/D/1 below saturation: nobody waits', () => {
    const { at } = latencyOf(workload(constant(1), 900, { isEven: true }));
    expect(at(0.99)).toBeCloseTo(1, 9);
  });

  test('a thread that a task keeps for longer than its handler runs is the slower one', () => {
    const slower = latencyOf(workload(constant(1), 500, { occupancy: 1.5 }));
    // The wait of M/D/1 with a service of 1.5 ms, and then 1 ms in the handler.
    expect(slower.meanMs / (1 + (0.75 * 1.5) / (2 * 0.25))).toBeCloseTo(1, 1);
  });

  test('a queue that was there from the beginning is waited for, as far as the bound lets it in', () => {
    const phases = [{ durationMs: 1_000, arrivals: 100 }];
    const begun = { ...workload(constant(1), 100, { phases }), warmupMs: 0, isEven: true };
    const first = (load: Workload, bound = open.bound) =>
      simulate(load, { ...open, bound }, seededRandom(7)).runs[0]!.all.at(-1)!;
    expect(first(begun)).toBeCloseTo(1, 6);
    // The first to arrive comes 9.9 ms after the 500, and is served behind them.
    const behind = { ...begun, backlog: new Map([['threads', 500]]) };
    expect(first(behind)).toBeGreaterThan(485);
    expect(first(behind)).toBeLessThan(495);
    expect(first(behind, 50)).toBeLessThan(45);
  });

  test('a high priority waits less than a low one only while there is a queue', () => {
    const priorities = [
      { level: 10, share: 0.5 },
      { level: -10, share: 0.5 },
    ];
    const both = latencyOf(workload(exponential(1), 900, { priorities }));
    const one = latencyOf(workload(exponential(1), 900));
    // The order changes nobody's mean (work is conserved), but the median: half of all hardly wait.
    expect(both.meanMs / one.meanMs).toBeCloseTo(1, 0);
    expect(both.at(0.5)).toBeLessThan(one.at(0.5) / 1.5);
  });
});

describe('formulas', () => {
  test('Erlang’s C', () => {
    expect(erlangC(1, 0.6)).toBeCloseTo(0.6, 12);
    // From the definition: 2 servers at 1 erlang, p0 = 1/3, and C = (1/2) * (2 / (2 - 1)) * p0.
    expect(erlangC(2, 1)).toBeCloseTo(1 / 3, 12);
  });

  test('the wait of M/M/1 is exponential for those who wait', () => {
    const station = { servers: 1, utilization: 0.6, meanMs: 1, variation: 1 };
    expect(waitQuantileMs(station, 0.99)).toBeCloseTo(2.5 * Math.log(60), 9);
    expect(waitQuantileMs({ ...station, utilization: 1 }, 0.99)).toBe(Number.POSITIVE_INFINITY);
    expect(waitQuantileMs({ ...station, utilization: 0.001 }, 0.99)).toBe(0);
  });

  test('99.9 % of a Poisson distribution', () => {
    expect(poissonP999(0)).toBe(0);
    expect(poissonP999(1)).toBe(5);
    expect(poissonP999(10)).toBe(21);
    expect(poissonP999(10_000)).toBe(10_309);
  });
});

test('departures come in the order of their times', () => {
  const random = new SeededRandom(5);
  const departures = new Departures();
  const times = Array.from({ length: 500 }, () => random.below(100));
  for (const [i, at] of times.entries()) departures.add(at, i);
  const taken = times.map(() => {
    const { nextMs } = departures;
    expect(times[departures.take()]).toBe(nextMs);
    return nextMs;
  });
  expect(taken).toEqual([...times].sort((a, b) => a - b));
  expect(departures.nextMs).toBe(Number.POSITIVE_INFINITY);
});
