import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { type Agent, cpuAgent, createEngine, HandlerLoadError } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Enough for a module that loads, on a machine that is busy. */
const startTimeoutMs = 2_000;
const threads = { count: 1, startTimeoutMs };

const folder = mkdtempSync(join(tmpdir(), 'spillway-slow-start-'));
afterAll(() => rmSync(folder, { recursive: true }));

function agentOf(name: string, text: string): Agent {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(path, text);
  return cpuAgent(name, { module: pathToFileURL(path) }) as Agent;
}

const waits = agentOf('waits', 'await new Promise((resolve) => setInterval(resolve, 2 ** 30));');
const blocks = agentOf('blocks', 'for (;;);');
const cases: [string, Agent, RegExp][] = [
  ['what it awaits never comes', waits, /not loaded after 2000 ms: what it awaits does not come/],
  ['it never comes to its end', blocks, /not loaded after 2000 ms: it blocks the thread/],
];

async function refusalOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'nothing was refused',
    (error) => error,
  );
}

describe('a module that never finishes loading', () => {
  it.each(cases)('is refused at the start, by its name: %s', async (_name, agent, why) => {
    const refusal = await refusalOf(createEngine({ agents: [onThreads('echo'), agent], threads }));
    expect(refusal).toBeInstanceOf(HandlerLoadError);
    expect(refusal).toMatchObject({ agent: agent.name, message: expect.stringMatching(why) });
  });

  it.each(cases)('is refused later, and the engine goes on: %s', async (_name, agent, why) => {
    await using engine = await engineOf([onThreads('echo')], { threads });
    const refusal = await refusalOf(engine.register(agent));
    expect(refusal).toMatchObject({ agent: agent.name, message: expect.stringMatching(why) });
    expect(await engine.run('echo', 1)).toBe(1);
  });

  it('when a lost thread is to be replaced costs its agent alone', async () => {
    const mark = join(folder, 'mark');
    const flaky = agentOf(
      'flaky',
      `import { existsSync } from 'node:fs'; if (existsSync(${JSON.stringify(mark)})) for (;;); export default (x) => x;`,
    );
    await using engine = await engineOf([flaky, onThreads('survive')], { threads });
    expect(await engine.run('flaky', 1)).toBe(1);
    writeFileSync(mark, '');
    const deadly = engine.submit('survive', { fate: 'exit' });
    const waiting = [engine.submit('survive', { value: 1 }), engine.submit('flaky', 1)];
    expect(await deadly.outcome).toMatchObject({ error: { code: 'WORKER_LOST' } });
    expect(await waiting[0]!.outcome).toMatchObject({ status: 'completed', value: 1 });
    expect(await waiting[1]!.outcome).toMatchObject({ error: { code: 'AGENT_FAILED' } });
    expect(engine.stats().agents).toMatchObject([
      { name: 'flaky', state: 'failed' },
      { name: 'survive', state: 'idle' },
    ]);
  });
});

describe('a task that runs for longer than startTimeoutMs', () => {
  it('does not have a module refused that its thread cannot load meanwhile, nor lose its thread', async () => {
    await using engine = await engineOf([onThreads('spin')], { threads: { count: 1, startTimeoutMs: 500 } });
    const long = engine.submit('spin', 3_000);
    await engine.register(onThreads('echo'));
    expect(await long.outcome).toMatchObject({ status: 'completed' });
    expect(await engine.run('echo' as never, 1 as never)).toBe(1);
    expect(engine.stats().restarts).toBe(0);
  });
});
