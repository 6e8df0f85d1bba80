import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Attempt } from '../../bench/overload/attempt.ts';
import { type ContenderFigures, figuresOf, type LoadFigures } from '../../bench/overload/figures.ts';
import { medianFigures } from '../../bench/overload/median-figures.ts';
import { offeredTasks } from '../../bench/overload/offered.ts';
import { renderOverload } from '../../bench/overload/overload-report.ts';
import { DURATIONS, LOADS, phasesOf } from '../../bench/overload/plan.ts';
import { healthyAfterMs } from '../../bench/overload/recovery.ts';
import { targetsOf } from '../../bench/overload/targets.ts';
import { measureOverload } from '../../bench/overload.ts';
import { sourceSubject } from '../../bench/subject.ts';
import type { Random } from '../../src/contract/clock.ts';

const SEED = 11;

describe('the overload bench, at its tiniest', () => {
  test.each(['threads', 'loop'] as const)(
    '%s: every contender gets every load and has figures',
    async (lane) => {
      const lanes = [lane];
      const told: string[] = [];
      const progress = (text: string) => void told.push(text);
      const report = await measureOverload({
        lanes,
        size: 'tiny',
        rounds: 1,
        seed: SEED,
        subject: sourceSubject(),
        progress,
      });

      expect(report.lanes.map(({ lane }) => lane)).toEqual(lanes);
      const text = renderOverload(report);
      for (const { contenders, capacityPerSecond } of report.lanes) {
        expect(capacityPerSecond.min).toBeGreaterThan(0);
        expect(contenders[0]!.name).toBe('spillway');
        expect(new Set(contenders.map(({ name }) => name)).size).toBe(contenders.length);
        for (const { name, loads, storm } of contenders) {
          expect(loads.map(({ load }) => load)).toEqual(LOADS);
          for (const figures of loads) {
            expect(figures.goodput).toBeGreaterThanOrEqual(0);
            expect(figures.rejectedShare + figures.failedShare).toBeLessThanOrEqual(1);
          }
          expect(storm.sendings).toBeGreaterThanOrEqual(1);
          expect(text).toContain(`\n${name} `);
          expect(told.some((line) => line.includes(`${name}: step at 10x`))).toBe(true);
        }
      }
      expect(report.targets).toHaveLength(6);
    },
  );
});

describe('what is offered', () => {
  const phases = phasesOf(DURATIONS.threads.quick);
  const anyInput = { input: (random: Random) => random(), weightOf: (input: number) => input * 2 };

  test('is the same for the same seed, in order, and as much as the phase says', () => {
    const offered = offeredTasks(phases, 400, anyInput, SEED);
    expect(offeredTasks(phases, 400, anyInput, SEED)).toEqual(offered);
    expect(offered.every(({ input, weight }) => weight === input * 2)).toBe(true);
    expect(offered.every(({ atMs }, at) => at === 0 || atMs >= offered[at - 1]!.atMs)).toBe(true);
    for (const [at, { load, fromMs, untilMs }] of phases.entries()) {
      const expected = (load * 400 * (untilMs - fromMs)) / 1_000;
      const count = offered.filter(({ phase }) => phase === at).length;
      // Five standard deviations of a Poisson count.
      expect(Math.abs(count - expected)).toBeLessThan(5 * Math.sqrt(expected));
    }
  });

  test('is of high, normal and low priority in shares of 10, 30 and 60 %', () => {
    const offered = offeredTasks(phases, 400, anyInput, SEED);
    const share = (name: string) =>
      offered.filter(({ priority }) => priority === name).length / offered.length;
    expect(share('high')).toBeCloseTo(0.1, 1);
    expect(share('normal')).toBeCloseTo(0.3, 1);
    expect(share('low')).toBeCloseTo(0.6, 1);
  });
});

describe('figures', () => {
  const phases = phasesOf(DURATIONS.threads.full);
  const back = phases.at(-1)!;
  const attempt = (intendedMs: number, tookMs: number, more: Partial<Attempt> = {}): Attempt => ({
    intendedMs,
    lagMs: 0,
    weight: 1,
    priority: 'normal',
    retry: 0,
    status: 'completed',
    endMs: intendedMs + tookMs,
    ...more,
  });
  const every10Ms = (fromMs: number, untilMs: number, tookMs: number): Attempt[] =>
    Array.from({ length: Math.floor((untilMs - fromMs) / 10) }, (_, at) => attempt(fromMs + at * 10, tookMs));

  test('recovery is where the first good half second begins that no bad one follows', () => {
    const { fromMs, untilMs } = back;
    const good = (from: number, until: number) => every10Ms(fromMs + from, fromMs + until, 50);
    const late = (from: number, until: number) => every10Ms(fromMs + from, fromMs + until, 500);
    const rest = untilMs - fromMs;
    expect(healthyAfterMs(good(0, rest), back, 100)).toBe(0);
    expect(healthyAfterMs([...late(0, 1_000), ...good(1_000, rest)], back, 100)).toBe(1_000);
    const relapse = [...good(0, 500), ...late(500, 1_000), ...good(1_000, rest)];
    expect(healthyAfterMs(relapse, back, 100)).toBe(1_000);
    expect(healthyAfterMs(late(0, rest), back, 100)).toBeNull();
    expect(healthyAfterMs([], back, 100)).toBeNull();
  });

  test('goodput counts the work that ended in the window and within the objective, over the capacity', () => {
    const step = phases.find(({ name, load }) => name === 'step' && load === 2)!;
    const { countFromMs, untilMs } = step;
    const attempts = [
      ...every10Ms(countFromMs, untilMs - 200, 50),
      attempt(countFromMs + 5, 101),
      attempt(countFromMs + 6, 1, { status: 'rejected', priority: 'high' }),
      attempt(countFromMs + 7, 1, { priority: 'high', lagMs: 50 }),
      attempt(untilMs - 1, 50),
      attempt(countFromMs + 8, 1, { priority: 'high', weight: 2.5 }),
    ];
    const { loads } = figuresOf(
      'one',
      { attempts, gaveUp: false },
      phases,
      {
        capacityPerSecond: 200,
        sloMs: 100,
      },
      [200, 200],
    );
    const figures = loads.find(({ load }) => load === 2)!;
    const windowSeconds = (untilMs - countFromMs) / 1_000;
    expect(figures.goodput).toBeCloseTo((attempts.length - 4 + 2.5) / windowSeconds / 200, 6);
    expect(figures.arrivals).toBe(attempts.length);
    expect(figures.highGoodShare).toBeCloseTo(2 / 3);
    expect(figures.rejectedShare).toBeCloseTo(1 / attempts.length, 6);
    expect(figures.valid).toBe(true);
  });

  test('a generator that is late makes a load invalid', () => {
    const step = phases.find(({ name, load }) => name === 'step' && load === 10)!;
    const attempts = every10Ms(step.countFromMs, step.untilMs, 5).map((one) => ({ ...one, lagMs: 11 }));
    const { loads } = figuresOf(
      'one',
      { attempts, gaveUp: false },
      phases,
      {
        capacityPerSecond: 200,
        sloMs: 100,
      },
      [200, 200],
    );
    expect(loads.at(-1)).toMatchObject({ load: 10, valid: false, lagP99Ms: 11 });
  });
});

describe('targets', () => {
  const load = (times: number, goodput: number, more: Partial<LoadFigures> = {}): LoadFigures => ({
    load: times,
    arrivals: 1_000,
    goodput,
    rejectedShare: 0,
    failedShare: 0,
    p99Ms: 90,
    highGoodShare: 1,
    lagP99Ms: 1,
    valid: true,
    ...more,
  });
  const contender = (
    name: string,
    goodput: number,
    more: Partial<ContenderFigures> = {},
  ): ContenderFigures => ({
    name,
    loads: LOADS.map((times) => load(times, Math.min(times, goodput))),
    storm: { sendings: 1, goodput, healthyAfterMs: 0 },
    recoveryMs: 500,
    capacityAround: [200, 200],
    steady: true,
    gaveUp: false,
    counted: 1,
    ...more,
  });
  const verdicts = (own: ContenderFigures, peer: ContenderFigures) =>
    targetsOf({
      lane: 'threads',
      work: 'w',
      sloMs: 100,
      durations: DURATIONS.threads.full,
      capacity: [],
      capacityPerSecond: { median: 200, min: 200, max: 200 },
      contenders: [own, peer],
      rounds: [[own], [peer]],
    }).map(({ verdict }) => verdict);
  const pass = 'pass';
  const peer = contender('peer', 0.9);

  test('each is judged by its own figure', () => {
    expect(verdicts(contender('spillway', 0.97), peer)).toEqual([pass, pass, pass, pass, pass, pass]);
    expect(verdicts(contender('spillway', 0.94), peer)).toEqual(['MISS', pass, pass, pass, pass, pass]);
    const slow = [...LOADS.slice(0, -1).map((times) => load(times, 0.97)), load(10, 0.97, { p99Ms: 101 })];
    expect(verdicts(contender('spillway', 0.97, { loads: slow }), peer)).toEqual([
      pass,
      'MISS',
      pass,
      pass,
      pass,
      pass,
    ]);
    const unfair = LOADS.map((times) => load(times, 0.97, { highGoodShare: times === 5 ? 0.97 : 1 }));
    expect(verdicts(contender('spillway', 0.97, { loads: unfair }), peer)[2]).toBe('MISS');
    expect(verdicts(contender('spillway', 0.97, { recoveryMs: null }), peer)[3]).toBe('MISS');
    expect(verdicts(contender('spillway', 0.97), contender('peer', 0.98))[5]).toBe('MISS');
    const storm = { sendings: 4, goodput: 0.97, healthyAfterMs: null };
    expect(verdicts(contender('spillway', 0.97, { storm }), peer)[4]).toBe('MISS');
  });

  test('rounds give their median, without those that the machine spoiled', () => {
    const spoiled = contender('one', 0.2, { steady: false, counted: 0, capacityAround: [200, 300] });
    const rounds = [contender('one', 0.9), spoiled, contender('one', 0.96), contender('one', 0.98)];
    const figures = medianFigures(rounds);
    expect(figures.loads.map(({ goodput }) => goodput)).toEqual([0.5, 0.9, 0.96, 0.96, 0.96, 0.96]);
    expect(figures).toMatchObject({ steady: true, gaveUp: false, counted: 3 });
    expect(medianFigures([spoiled])).toMatchObject({ steady: false, counted: 0 });
  });

  test('a round that never recovered is the worst one', () => {
    const recoveries = (...ms: (number | null)[]) =>
      medianFigures(ms.map((recoveryMs) => contender('one', 1, { recoveryMs }))).recoveryMs;
    expect(recoveries(500, null, 1_000)).toBe(1_000);
    expect(recoveries(null, null, 1_000)).toBeNull();
  });

  test('nothing passes or misses by figures that the generator or the machine spoiled', () => {
    const late = LOADS.map((times) => load(times, 0.97, { valid: times !== 10 }));
    const all = Array.from({ length: 6 }, () => 'invalid');
    expect(verdicts(contender('spillway', 0.97, { loads: late }), peer)).toEqual(all);
    expect(verdicts(contender('spillway', 0.97, { steady: false }), peer)).toEqual(all);
    const drifted = contender('peer', 0.9, { steady: false });
    expect(verdicts(contender('spillway', 0.97), drifted)).toEqual([pass, pass, pass, pass, pass, 'invalid']);
  });
});

test('wrong usage ends with code 2 and names what was expected; help shows every option', () => {
  const bench = (...args: string[]) =>
    spawnSync(
      process.execPath,
      [
        '--import',
        'tsx',
        fileURLToPath(new URL('../../bench/main.ts', import.meta.url)),
        'overload',
        ...args,
      ],
      { encoding: 'utf8' },
    );
  const lane = bench('--lane', 'sea');
  expect([lane.status, lane.stderr]).toEqual([2, expect.stringContaining('got sea')]);
  const rounds = bench('--rounds', '0');
  expect([rounds.status, rounds.stderr]).toEqual([2, expect.stringContaining('got 0')]);
  const seed = bench('--seed', '-1.5');
  expect(seed.status).toBe(2);
  const help = bench('--help');
  expect(help.status).toBe(0);
  for (const option of ['--lane', '--rounds', '--quick', '--seed', '--json', '--strict', '--no-build']) {
    expect(help.stdout).toContain(option);
  }
});
