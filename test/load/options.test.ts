import { describe, expect, test } from 'vitest';
import { LOAD_DEFAULTS, type LoadOptions, loadOptions } from '../../src/load/options.ts';

const check = (options: object) => loadOptions({ cwd: '.', ...options } as LoadOptions);

test('defaults are filled in, one by one', () => {
  const full = check({ burst: { factor: 2 }, cpu: { sigma: 0 }, threads: 3 });
  expect(full).toMatchObject({
    target: 'cpu',
    arrivals: 'poisson',
    threads: 3,
    burst: { ...LOAD_DEFAULTS.burst, factor: 2 },
    cpu: { ...LOAD_DEFAULTS.cpu, sigma: 0 },
  });
  expect(check({ trace: 'a.csv' }).arrivals).toBe('trace');
});

describe('an objective', () => {
  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '250', null])('of %s is refused', (sloP99Ms) => {
    expect(() => check({ sloP99Ms })).toThrow(
      /^sloP99Ms: expected a number of milliseconds above 0, at most a day, got /,
    );
  });
});

test.each([
  [{ rate: { perSecond: 0 } }, /^rate.*expected.*above 0/],
  [{ rate: 100 }, /^rate: expected \{ perSecond \} or \{ timesCapacity \}/],
  [{ rate: { timesCapacity: Number.NaN } }, /^rate/],
  [{ durationMs: -5 }, /^durationMs: expected a number of milliseconds above 0/],
  [{ warmupMs: '5s' }, /^warmupMs: expected a number of milliseconds from 0.*got '5s'/],
  [{ intervalMs: 1 }, /^intervalMs: expected a number of milliseconds from 10/],
  [{ priorities: { high: 0, normal: 0, low: 0 } }, /^priorities: expected weights of which one at least/],
  [
    { priorities: { high: -1, normal: 0, low: 5 } },
    /^priorities\.high: expected a number of at least 0, got -1/,
  ],
  [{ policy: 'adaptiv' }, /^policy: expected adaptive.*got 'adaptiv'/],
  [{ threads: 0 }, /^threads: expected a whole number from 1/],
  [{ threshold: 1.5 }, /^threshold: expected a number above 0, at most 1/],
  [{ treads: 2 }, /^treads: unknown option; did you mean "threads"/],
  [{ cpu: { servicMs: 2 } }, /^cpu\.servicMs: unknown option; did you mean "serviceMs"/],
])('%j is refused', (options, message) => {
  expect(() => check(options)).toThrow(message);
});

test.each([
  [{ arrivals: 'trace' }, /^trace: name the CSV file/],
  [{ arrivals: 'poisson', trace: 'a.csv' }, /^arrivals: expected trace/],
  [{ speed: 2 }, /^speed: it is for a trace only/],
  [{ trace: 'a.csv', rate: { perSecond: 5 } }, /^rate: a trace has its own/],
  [{ trace: 'a.csv', rate: { timesCapacity: 2 }, speed: 3 }, /^speed: choose/],
  [{ toRate: { perSecond: 5 } }, /^toRate: it is for arrivals step and ramp only, not for poisson/],
  [{ arrivals: 'bursty', burst: { factor: 6 } }, /^burst: 0\.2 of the time at 6 times the rate is more/],
])('%j does not fit together', (options, message) => {
  expect(() => check(options)).toThrow(message);
});
