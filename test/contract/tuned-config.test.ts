import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/contract/config-schema.ts';
import { Tuning } from '../../src/contract/tuning.ts';
import { ConfigError, createEngine, ioAgent, readConfig, type SpillwayConfig } from '../../src/index.ts';
import { sampleConfig as config, tunedValue as value } from '../fixtures/sample-config.ts';

let path: string;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-config-'));
  path = join(folder, 'spillway.config.json');
  await writeFile(path, JSON.stringify(config));
  await writeFile(join(folder, 'newer.json'), JSON.stringify({ ...config, version: 2 }));
});
afterAll(() => rm(folder, { recursive: true }));

test('a configuration stands for options of the engine and of its agents', () => {
  const { engine, agents } = new Tuning(parseConfig(config, 'spillway.config.json'));
  expect(engine).toEqual({
    threads: { count: 2 },
    queue: { limit: 40 },
    slo: { p99Ms: 250 },
    admission: { policy: 'fixed', threshold: 0.75, capacity: 40 },
    batch: { quantumMs: 0.5 },
  });
  expect([...agents]).toEqual([
    ['ask', { limit: 24, timeoutMs: 900 }],
    ['primes', { timeoutMs: 300 }],
  ]);
});

const run = async (n: number) => n;
const ask = ioAgent('ask', { run });
const other = ioAgent('other', { run, limit: 7 });
/** How many attempts of an agent may be in flight. */
const limitOf = (engine: { stats(): { agents: readonly { name: string; limit: number }[] } }, name: string) =>
  engine.stats().agents.find((agent) => agent.name === name)?.limit;

describe('an engine with a configuration', () => {
  const forms: [string, () => SpillwayConfig | string | URL | Promise<SpillwayConfig>][] = [
    ['as an object', () => config],
    ['as JSON.parse gives it', () => JSON.parse(JSON.stringify(config))],
    ['as a path', () => path],
    ['as a URL', () => pathToFileURL(path)],
    ['as readConfig gives it', () => readConfig(path)],
  ];
  test.each(forms)('%s: has its queue, its admission and the limits of its agents', async (_, form) => {
    await using engine = await createEngine({ config: await form(), agents: [ask, other] });
    const { queue, admission } = engine.stats();
    expect(queue.limit).toBe(40);
    expect(admission.policy).toBe('fixed');
    expect(limitOf(engine, 'ask')).toBe(24);
    expect(limitOf(engine, 'other')).toBe(7);
  });

  test('what is given explicitly, and an agent’s own, come first', async () => {
    const own = ioAgent('ask', { run, limit: 3 });
    const admission = { policy: 'none' } as const;
    await using engine = await createEngine({ config, agents: [own], queue: { limit: 90 }, admission });
    expect(engine.stats().queue.limit).toBe(90);
    expect(engine.stats().admission.policy).toBe('none');
    expect(limitOf(engine, 'ask')).toBe(3);
  });

  test('an agent that is registered later has its limit and its timeout', async () => {
    const short: SpillwayConfig = {
      ...config,
      agents: [{ name: 'hangs', lane: 'loop', limit: value(5), timeoutMs: value(20) }],
    };
    await using engine = await createEngine({ config: short });
    const all = await engine.register(ioAgent('hangs', { run: () => new Promise<void>(() => {}) }));
    expect(limitOf(engine, 'hangs')).toBe(5);
    await expect(all.run('hangs', undefined)).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  test.each<[unknown, RegExp]>([
    [5, /^config: expected the path or file URL of a spillway\.config\.json, .*, got 5/],
    ['', /^config: expected the path/],
    [new URL('https://a.b/c.json'), /^config: expected the path/],
    [{}, /^config: format: expected 'spillway-config', got {}/],
    [{ ...config, version: 2 }, /^config: version: expected 1, got 2; it is from another version/],
    [
      { ...config, threads: value(0) },
      /^config: threads\.value: expected a whole number of at least 1, got 0/,
    ],
  ])('is refused if it is wrong: %#', async (wrong, message) => {
    const engine = createEngine({ config: wrong as SpillwayConfig });
    await expect(engine).rejects.toThrow(message);
    await expect(engine).rejects.toBeInstanceOf(ConfigError);
  });

  test('a file that is wrong, or not there, is named', async () => {
    const newer = createEngine({ config: join(folder, 'newer.json') });
    await expect(newer).rejects.toThrow(/newer\.json: version: expected 1, got 2/);
    const none = createEngine({ config: join(folder, 'none.json') });
    await expect(none).rejects.toMatchObject({ code: 'REPORT_UNREADABLE' });
    await expect(none).rejects.toThrow(/cannot read .*none\.json: ENOENT.*name a tuned configuration/);
  });
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
