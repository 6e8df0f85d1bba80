import { describe, expect, test } from 'vitest';
import { poissonArrivals } from '../../bench/arrivals.ts';
import { closedLoop } from '../../bench/closed-loop.ts';
import { alternate, type Contender, quantile, spreadOf } from '../../bench/harness.ts';
import { atLeast, atMost, compare, every, figure } from '../../bench/row.ts';

const quiet = { rounds: 3, progress: () => {} };

/** A contender that gives these values, round by round, and writes down that it was asked. */
function giving(name: string, values: readonly number[], asked: string[] = [], hash = 'same'): Contender {
  return {
    name,
    async open() {
      return {
        async measure(round) {
          asked.push(name);
          return { value: values[round] as number, hash };
        },
        close: async () => {},
      };
    },
  };
}

const failing: Contender = { name: 'broken', open: () => Promise.reject(new Error('no such pool')) };

describe('the harness', () => {
  test('each round measures every contender once and starts with another one', async () => {
    const asked: string[] = [];
    await alternate([giving('a', [1, 1, 1], asked), giving('b', [1, 1, 1], asked)], quiet);
    expect(asked.join('')).toBe('abbaab');
  });

  test('a contender that fails is out of the comparison and the others go on', async () => {
    const results = await alternate([giving('spillway', [4, 2, 3]), failing], quiet);
    const row = compare({ case: 'c', unit: 'u', better: 'more', target: atLeast(1), results });
    expect(row.spillway).toBe(3);
    expect(row.failures).toEqual({ broken: 'no such pool' });
    expect(row).toMatchObject({ bestPeer: null, ratio: null, pass: false });
  });

  test('medians and quantiles are of the sorted values', () => {
    expect(spreadOf([5, 1, 3])).toEqual({ median: 3, min: 1, max: 5 });
    expect(spreadOf([4, 1, 2, 3]).median).toBe(2.5);
    expect(quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9)).toBe(9);
    expect(() => quantile([], 0.5)).toThrow('expected at least one value');
  });
});

describe('a row', () => {
  test('sets Spillway beside the best peer, which has the least where less is better', async () => {
    const results = await alternate(
      [giving('spillway', [6, 6, 6]), giving('slow', [9, 9, 9]), giving('fast', [5, 5, 5])],
      quiet,
    );
    const row = compare({ case: 'c', unit: 'ms', better: 'less', target: atMost(1.3), results });
    expect(row).toMatchObject({ bestPeer: 'fast', ratio: 1.2, pass: true, sameResults: true });
    const strict = every(atMost(1.3), figure('<=', 5));
    expect(compare({ case: 'c', unit: 'ms', better: 'less', target: strict, results })).toMatchObject({
      target: '<= 1.3x and <= 5',
      pass: false,
    });
  });

  test('does not pass if a contender returned something else', async () => {
    const results = await alternate(
      [giving('spillway', [9, 9, 9]), giving('peer', [1, 1, 1], [], 'other')],
      quiet,
    );
    const row = compare({ case: 'c', unit: 'tasks/s', better: 'more', target: atLeast(1), results });
    expect(row).toMatchObject({ ratio: 9, sameResults: false, pass: false });
  });
});

describe('what drives the contenders', () => {
  test('a closed loop runs every task once, never more at a time than asked for', async () => {
    let running = 0;
    let most = 0;
    const results = await closedLoop(100, 7, async (index) => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      return index;
    });
    expect(results).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(most).toBe(7);
  });

  test('arrivals come at the asked rate, the same for the same seed', () => {
    const arrivals = poissonArrivals(20_000, 1_000, 0.01, 3);
    expect(poissonArrivals(20_000, 1_000, 0.01, 3)).toEqual(arrivals);
    expect(poissonArrivals(20_000, 1_000, 0.01, 4)).not.toEqual(arrivals);
    expect(arrivals.dueMs.at(-1)).toBeGreaterThan(19_000);
    expect(arrivals.dueMs.at(-1)).toBeLessThan(21_000);
    const long = arrivals.isLong.filter((isLong) => isLong).length;
    expect(long).toBeGreaterThan(150);
    expect(long).toBeLessThan(250);
  });
});
