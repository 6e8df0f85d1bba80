import { expect, test } from 'vitest';
import { type LoadOptions, loadOptions } from '../../src/load/options.ts';
import { needsCapacity, planArrivals } from '../../src/load/plan.ts';
import { spread, taskSource } from '../../src/load/task-source.ts';
import type { Trace } from '../../src/load/trace.ts';
import { seededRandom } from '../../src/upstream/seeded-random.ts';

/** Ten calls, a second apart. */
const TRACE: Trace = {
  path: 'somewhere/calls.csv',
  calls: Array.from({ length: 10 }, (_, i) => ({ atMs: i * 1_000, contextTokens: i, generatedTokens: 1 })),
  spanMs: 9_000,
  meanTokens: 5.5,
};

function plan(options: Partial<LoadOptions>, trace?: Trace, capacity?: number) {
  return planArrivals(loadOptions({ cwd: '.', ...options }), trace, capacity, seededRandom(1));
}

function timesOf({ arrivals }: ReturnType<typeof plan>): number[] {
  const times: number[] = [];
  for (let next = arrivals.next(); !next.done; next = arrivals.next()) times.push(next.value);
  return times;
}

test('a trace is replayed as fast as asked, and ends with its last call', () => {
  const replay = plan({ trace: 'calls.csv', speed: 2, warmupMs: 1_000 }, TRACE);
  expect(timesOf(replay)).toEqual([0, 500, 1_000, 1_500, 2_000, 2_500, 3_000, 3_500, 4_000, 4_500]);
  expect(replay.durationMs).toBe(3_501);
  expect(replay.description).toMatchObject({ kind: 'trace', file: 'calls.csv', calls: 10, speed: 2 });
});

test('a duration cuts a trace, and does not stretch it', () => {
  expect(plan({ trace: 'a', warmupMs: 0, durationMs: 4_000 }, TRACE).durationMs).toBe(4_000);
  expect(plan({ trace: 'a', warmupMs: 0, durationMs: 90_000 }, TRACE).durationMs).toBe(9_001);
});

test('a trace that is over before the warm-up is refused', () => {
  expect(() => plan({ trace: 'a', warmupMs: 5_000, speed: 10 }, TRACE)).toThrow(
    /^warmupMs: expected less than the trace is long, got 5000; .*calls\.csv lasts 0\.90 s at 10\.00 times/,
  );
});

test('more intervals than a report can hold are refused', () => {
  expect(() => plan({ durationMs: 3_600_000, intervalMs: 50 })).toThrow(
    /^intervalMs: expected at least 72 for so long a run, got 50$/,
  );
});

test('a multiple of the capacity decides the rate, and how fast a trace is replayed', () => {
  const options = {
    rate: { timesCapacity: 3 },
    arrivals: 'constant',
    warmupMs: 0,
    durationMs: 1_000,
  } as const;
  expect(needsCapacity(loadOptions({ cwd: '.', ...options }))).toBe(true);
  const steady = plan(options, undefined, 40);
  expect(timesOf(steady)).toHaveLength(120);
  expect(steady.description).toEqual({
    kind: 'constant',
    ratePerSecond: 120,
    capacityPerSecond: 40,
    timesCapacity: 3,
  });
  const replay = plan({ trace: 'a', rate: { timesCapacity: 3 }, warmupMs: 0 }, TRACE, 40);
  // 10 calls in 9 s are 1.11 a second.
  expect(replay.description.speed).toBeCloseTo(108);
  expect(replay.description.ratePerSecond).toBeCloseTo(120);
});

test('a ramp goes to three times its rate if it is not told where', () => {
  expect(plan({ arrivals: 'ramp', rate: { perSecond: 10 } }).description.toRatePerSecond).toBe(30);
  const both = plan(
    { arrivals: 'ramp', rate: { perSecond: 10 }, toRate: { timesCapacity: 2 } },
    undefined,
    40,
  );
  expect(both.description).toMatchObject({ ratePerSecond: 10, toRatePerSecond: 80 });
});

const TARGET = {
  name: 'a',
  work: { kind: 'module' } as const,
  agents: [],
  next: (index: number, random: () => number, call?: { contextTokens: number }) => ({
    agent: 'a',
    input: [index, random(), call?.contextTokens],
  }),
  close: async () => {},
};

test('priorities come in their mix, and change nothing about the tasks', () => {
  const mixed = taskSource(TARGET, undefined, { high: 10, normal: 30, low: 60 }, 5);
  const plain = taskSource(TARGET, undefined, { high: 0, normal: 1, low: 0 }, 5);
  const counts = { high: 0, normal: 0, low: 0 };
  for (let i = 0; i < 10_000; i++) {
    const task = mixed(i);
    counts[task.priority] += 1;
    expect(task.input).toEqual(plain(i).input);
  }
  expect(Math.abs(counts.high - 1_000)).toBeLessThan(150);
  expect(Math.abs(counts.normal - 3_000)).toBeLessThan(230);
});

test('a task that says its priority keeps it', () => {
  const high = { ...TARGET, next: () => ({ agent: 'a', input: 0, priority: 'high' as const }) };
  expect(taskSource(high, undefined, { high: 0, normal: 1, low: 0 }, 1)(0).priority).toBe('high');
});

test('a trace gives each arrival its call, and spread out a part of it is like the whole', () => {
  const next = taskSource(TARGET, TRACE, { high: 0, normal: 1, low: 0 }, 1);
  const callOf = (task: { input: unknown }) => (task.input as unknown[])[2];
  expect([0, 1, 9, 10].map((i) => callOf(next(i)))).toEqual([0, 1, 9, 0]);
  const some = spread(next, TRACE);
  expect(new Set(Array.from({ length: 20 }, (_, i) => callOf(some(i)))).size).toBe(10);
});
