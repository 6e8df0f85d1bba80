import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cpuAgent, createEngine, type Engine, HandlerLoadError, ioAgent } from '../../src/index.ts';
import { HANDLERS, onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';

const folder = mkdtempSync(join(tmpdir(), 'spillway-loading-'));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return pathToFileURL(join(folder, name));
};
afterAll(() => rmSync(folder, { recursive: true }));

const missing = pathToFileURL(join(folder, 'missing.mjs'));
const broken = file('broken.mjs', 'export default function ( {');
const throwing = file('throwing.mjs', 'throw new RangeError("not today");');
const unimportable = file('unimportable.mjs', 'import "./nowhere.mjs"; export default () => 1;');

const cases: [string, URL, string, RegExp][] = [
  ['a module that does not exist', missing, 'default', /Cannot find module|does not exist/],
  ['a module that does not parse', broken, 'default', /Unexpected|Transform failed|Expected/],
  ['a module that throws', throwing, 'default', /not today/],
  ['a module that imports what does not exist', unimportable, 'default', /nowhere/],
  ['a module without the export', HANDLERS, 'missing', /expected a function, got no such export/],
  ['an export that is no function', HANDLERS, 'notAFunction', /expected a function, got object/],
  ['an export that every object has', HANDLERS, 'toString', /expected a function/],
];

async function failureOf(promise: Promise<unknown>): Promise<HandlerLoadError> {
  return promise.then(
    () => {
      throw new Error('it was accepted');
    },
    (error) => error,
  );
}

describe('at the start', () => {
  it('an engine does not come up, and the error names the agent, the file and the export', async () => {
    const agents = [onThreads('echo'), cpuAgent('lost', { module: missing, export: 'work' })];
    const error = await failureOf(createEngine({ agents, threads: { count: 2 } }));
    expect(error).toBeInstanceOf(HandlerLoadError);
    expect(error).toMatchObject({
      code: 'HANDLER_NOT_LOADED',
      agent: 'lost',
      module: missing.href,
      exportName: 'work',
    });
    expect(error.message).toContain(`agent "lost": cannot load export "work" of ${missing.href}: `);
    expect(error.cause).toBeInstanceOf(Error);
  });
});

describe('while the engine runs', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = (await createEngine({
      agents: [onThreads('echo'), ioAgent('io', { run: () => 1 })],
      threads: { count: 2 },
    })) as unknown as Engine;
  });
  afterAll(() => engine.close());

  it.each(cases)(
    '%s is refused with file and export, and the engine goes on',
    async (_name, module, exportName, why) => {
      const error = await failureOf(engine.register(cpuAgent('late', { module, export: exportName })));
      expect(error).toBeInstanceOf(HandlerLoadError);
      expect(error).toMatchObject({ agent: 'late', module: module.href, exportName });
      expect(error.message).toMatch(why);
      expect(await engine.run('echo', 1)).toBe(1);
    },
  );

  it('an agent is taken on although all threads die of something else meanwhile', async () => {
    const mark = join(folder, 'threads have died');
    const text = `import { existsSync } from 'node:fs';
      if (!existsSync(${JSON.stringify(mark)})) await new Promise(() => {});
      export default (x) => x;`;
    const module = file('loads-later.mjs', text);
    await using dying = await engineOf([onThreads('survive')]);
    dying.on('threadLost', () => writeFileSync(mark, ''));
    const registered = dying.register(cpuAgent('late', { module }));
    const deadly = dying.submit('survive', { fate: 'exit' });
    expect(await deadly.outcome).toMatchObject({ error: { code: 'WORKER_LOST' } });
    await registered;
    expect(await dying.run('late' as never, 5 as never)).toBe(5);
  });

  it('the name of an agent that could not be loaded is free again', async () => {
    await failureOf(engine.register(cpuAgent('again', { module: missing })));
    expect(() => engine.submit('again', 1)).toThrow('no agent "again"');
    await engine.register(cpuAgent('again', { module: HANDLERS }));
    expect(await engine.run('again', 'loaded')).toBe('loaded');
  });

  it('a handler may be TypeScript, and import TypeScript', async () => {
    const module = new URL('../fixtures/typed-handler.ts', import.meta.url);
    await engine.register(cpuAgent('typed', { module, export: 'half' }));
    expect(await engine.run('typed', 5)).toBe('typed: 2.5');
  });

  it('a handler may come from a data: URL, or from a file: URL as text', async () => {
    await engine.register(cpuAgent('data', { module: 'data:text/javascript,export default (n) => n * 2' }));
    expect(await engine.run('data', 21)).toBe(42);
    await engine.register(cpuAgent('text', { module: HANDLERS.href, export: 'add' }));
    expect(await engine.run('text', { a: 1, b: 2 })).toBe(3);
  });

  it('an agent that is being loaded takes no task, and a task for it is not told that it killed threads', async () => {
    const loading = engine.register(cpuAgent('soon', { module: HANDLERS }));
    const submitted = (async () => engine.submit('soon', 'early').outcome)();
    await loading;
    const outcome = await submitted.catch((error) => error);
    if (outcome.status !== 'completed') expect(String(outcome.error ?? outcome)).not.toContain('killing');
    expect(await engine.run('soon', 'late')).toBe('late');
  });

  it('an agent that is removed while it is being loaded gives its name to another, which stays', async () => {
    const loading = failureOf(engine.register(cpuAgent('swapped', { module: missing })));
    expect(engine.remove('swapped')).toBe(true);
    await engine.register(ioAgent('swapped', { run: () => 'the new one' }));
    await loading;
    expect(await engine.run('swapped', 1)).toBe('the new one');
  });
});

describe('a module that takes its thread with it', () => {
  const cases: [string, string][] = [
    ['by exiting', 'process.exit(1)'],
    [
      'by an exception that nobody catches',
      'setTimeout(() => { throw new Error("late") }); await new Promise(() => {})',
    ],
  ];
  it.each(cases)('%s is refused at the start', { timeout: 60_000 }, async (name, text) => {
    const module = file(`${name}.mjs`.replaceAll(' ', '-'), text);
    const error = await failureOf(
      createEngine({ agents: [cpuAgent('deadly', { module })], threads: { count: 1 } }),
    );
    expect(error).toBeInstanceOf(HandlerLoadError);
  });

  it.each(cases)('%s is refused later, and the engine goes on', { timeout: 60_000 }, async (name, text) => {
    const module = file(`${name}-later.mjs`.replaceAll(' ', '-'), text);
    await using engine = await createEngine({
      agents: [onThreads('echo')],
      threads: { count: 1 },
      closeTimeoutMs: 500,
    });
    const error = await failureOf(engine.register(cpuAgent('deadly', { module })));
    expect(error).toBeInstanceOf(HandlerLoadError);
    expect(await engine.run('echo', 1)).toBe(1);
  });

  it('when a lost thread is to be replaced does not leave tasks waiting for ever', {
    timeout: 60_000,
  }, async () => {
    const mark = join(folder, 'mark');
    const text = `import { existsSync } from 'node:fs'; if (existsSync(${JSON.stringify(mark)})) process.exit(1);`;
    const module = file('flaky.mjs', `${text} export default (x) => x;`);
    await using engine = await engineOf([cpuAgent('flaky', { module }), onThreads('survive')]);
    expect(await engine.run('flaky', 1)).toBe(1);
    writeFileSync(mark, '');
    const deadly = engine.submit('survive', { fate: 'exit' });
    const waiting = [engine.submit('survive', { value: 1 }), engine.submit('flaky', 1)];
    expect(await deadly.outcome).toMatchObject({ status: 'failed', error: { code: 'WORKER_LOST' } });
    expect(await waiting[0]!.outcome).toMatchObject({ status: 'completed', value: 1 });
    expect(await waiting[1]!.outcome).toMatchObject({ status: 'failed', error: { code: 'AGENT_FAILED' } });
    expect(await engine.run('survive', { value: 2 })).toBe(2);
    await expect(engine.run('flaky', 1)).rejects.toThrow('"flaky" is switched off, register it anew: ');
    expect(engine.stats().agents).toContainEqual(expect.objectContaining({ name: 'flaky', state: 'failed' }));
    // As it is mended, it can be taken on again.
    rmSync(mark);
    engine.remove('flaky');
    await engine.register(cpuAgent('flaky', { module }));
    expect(await engine.run('flaky' as never, 1 as never)).toBe(1);
  });
});
