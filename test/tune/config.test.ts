import { describe, expect, test } from 'vitest';
import { createEngine } from '../../src/index.ts';
import {
  CONFIG_FORMAT,
  engineOptionsOf,
  parseConfig,
  type SpillwayConfig,
  type TunedValue,
} from '../../src/tune/config.ts';

const value = (n: number): TunedValue => ({
  value: n,
  from: { percentile: 99, samples: 5_000, report: 'report.json' },
  because: 'it was measured',
  expected: { p99Ms: 200, goodputPerSecond: 300 },
  without: null,
});
const config: SpillwayConfig = {
  format: CONFIG_FORMAT.name,
  version: CONFIG_FORMAT.version,
  spillway: '1.2.3',
  reports: ['report.json'],
  objective: { sloP99Ms: 250, feasible: true, nearest: { agent: 'ask', p99Ms: 210 } },
  threads: value(2),
  queueLimit: value(40),
  threshold: value(0.75),
  quantumMs: value(0.5),
  agents: [
    { name: 'ask', lane: 'loop', limit: value(24), timeoutMs: value(900) },
    { name: 'primes', lane: 'threads', limit: null, timeoutMs: value(300) },
  ],
  predicted: {
    offeredPerSecond: 400,
    goodputPerSecond: 300,
    shedShare: 0.25,
    p50Ms: 80,
    p99Ms: 200,
    p99RangeMs: { low: 190, high: 220 },
    agents: [{ name: 'ask', p99Ms: 210 }],
  },
  model: { simulatedP99Ms: 900, measuredP99Ms: 950 },
};

test('a configuration stands for options that an engine takes', async () => {
  const { engine, agents } = engineOptionsOf(parseConfig(config, 'spillway.config.json'));
  expect(engine).toEqual({
    threads: { count: 2 },
    queue: { limit: 40 },
    admission: { policy: 'fixed', threshold: 0.75, capacity: 40 },
    batch: { quantumMs: 0.5 },
  });
  expect([...agents]).toEqual([
    ['ask', { limit: 24, timeoutMs: 900 }],
    ['primes', { timeoutMs: 300 }],
  ]);
  await using started = await createEngine(engine);
  expect(started.stats().queue.limit).toBe(40);
});

describe('a wrong configuration is refused with the field, what was expected and what came', () => {
  test.each([
    [{ ...config, version: 2 }, /^c\.json: version: expected 1, got 2; it is from another version/],
    [{ ...config, format: 'eslint' }, /^c\.json: format: expected 'spillway-config', got 'eslint'/],
    [{}, /^c\.json: format: expected 'spillway-config', got {}; this is not a tuned configuration/],
    [[], /^c\.json: format: /],
    [null, /^c\.json: format: expected 'spillway-config', got null/],
    [
      { ...config, threads: value(0) },
      /^c\.json: threads\.value: expected a whole number of at least 1, got 0/,
    ],
    [
      { ...config, threshold: value(1.5) },
      /^c\.json: threshold\.value: expected a number above 0, at most 1, got 1\.5/,
    ],
    [{ ...config, queueLimit: 40 }, /^c\.json: queueLimit: expected an object, got 40/],
    [{ ...config, agents: {} }, /^c\.json: agents: expected a list of agents, got {}/],
    [{ ...config, quantumMs: undefined }, /^c\.json: quantumMs: expected /],
    [{ ...config, thread: 2 }, /^c\.json: thread: unknown option; did you mean "threads"\?/],
  ])('%#', (wrong, message) => {
    expect(() => parseConfig(wrong, 'c.json')).toThrow(message);
  });
});
