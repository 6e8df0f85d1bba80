import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { WORKFLOW_DEFAULTS } from '../../src/contract/workflow-definition.ts';
import { MemoryStore, stats, type WorkflowRun, workflow } from '../../src/index.ts';
import { deferred } from '../fixtures/waiting.ts';
import { engineWith } from './gated-agent.ts';

const asking = () =>
  workflow('asking').wait('go', { signal: 'go' }).wait('stay', { approval: 'May I?' }).build();

describe('a signal', () => {
  test('that no step waits for, ever, is refused with those that there are', async () => {
    const engine = await engineWith([]);
    const run = await engine.start(asking(), 0);
    for (const name of ['gone', '', '__proto__', 5 as never]) {
      await expect(run.signal(name)).rejects.toMatchObject({
        code: 'WORKFLOW_STATE',
        message: expect.stringContaining('it waits for "go"'),
      });
    }
    const deaf = await engine.start(workflow('deaf').wait('ok', { approval: 'May I?' }).build(), 0);
    await expect(deaf.signal('go')).rejects.toThrow('it waits for none');
    expect([run.step('go'), deaf.state]).toEqual(['running', 'running']);
  });

  test('that came once too often is kept for nobody, does not keep the run from its end, and has a bound', async () => {
    const engine = await engineWith([]);
    const run = await engine.start(asking(), 0);
    await run.signal('go', 'first');
    for (let at = 0; at < WORKFLOW_DEFAULTS.signals; at++) await run.signal('go', at);
    await expect(run.signal('go')).rejects.toMatchObject({
      code: 'WORKFLOW_LIMIT',
      message: expect.stringContaining(`holds ${WORKFLOW_DEFAULTS.signals} signals that nobody has taken`),
    });
    await run.answer('stay', { value: 'yes' });
    expect((await run.result()).data).toEqual({ go: 'first', stay: 'yes' });
    await expect(run.signal('go')).rejects.toMatchObject({ code: 'WORKFLOW_STATE' });
  });
});

describe('a token whose checksum is right', () => {
  const forged = (content: string): string => {
    const head = `spillway-run-1.${Buffer.from(content).toString('base64url')}`;
    return `${head}.${createHash('sha256').update(head).digest('hex').slice(0, 16)}`;
  };
  const { hash } = asking();

  test.each([
    'hello',
    '',
    'null',
    '7',
    '{}',
    '[]',
    JSON.stringify(['r', 'asking', hash]),
    JSON.stringify([7, 'asking', hash, 1]),
    JSON.stringify(['r', 'asking', null, 1]),
    JSON.stringify(['r', 'asking', hash, -1]),
    JSON.stringify(['r', 'asking', hash, 1.5]),
    JSON.stringify(['r', 'asking', hash, '1']),
    JSON.stringify(['r', 'asking', hash, 1, 1]),
  ])('and whose content is %j is refused, and the run is left as it is', async (content) => {
    const engine = await engineWith([]);
    const run = await engine.start(asking(), 0, { id: 'r' });
    await run.pause();
    for (const call of [run.resume(forged(content)), engine.resume(asking(), forged(content))]) {
      await expect(call).rejects.toMatchObject({
        code: 'WORKFLOW_TOKEN',
        message: expect.stringContaining('resume token: '),
      });
    }
    expect(run.state).toBe('paused');
  });

  test('and that names another run, definition or position is refused', async () => {
    const journal = new MemoryStore();
    const engine = await engineWith([], { journal });
    const run = await engine.start(asking(), 0, { id: 'r' });
    await run.pause();
    for (const content of [
      ['other', 'asking', hash, 1],
      ['r', 'asking', hash, 10_000],
      ['r', 'asking', 'f'.repeat(32), 1],
    ]) {
      await expect(run.resume(forged(JSON.stringify(content)))).rejects.toMatchObject({
        code: 'WORKFLOW_TOKEN',
      });
    }
    await run.resume(forged(JSON.stringify(['r', 'asking', hash, 1])));
    expect(run.state).toBe('running');
  });
});

describe('two starts of one id at once', () => {
  test.each(['in memory', 'in a journal', 'in a journal that has it'])(
    'with different inputs, or definitions, are one run and refusals (%s)',
    async (where) => {
      const journal = where === 'in memory' ? undefined : new MemoryStore();
      if (where === 'in a journal that has it') {
        const before = await engineWith([], { journal: journal! });
        await before.start(asking(), 1, { id: 'r' });
        await before.close({ timeoutMs: 1 });
      }
      const engine = await engineWith([], journal && { journal });
      const other = workflow('other').wait('go', { signal: 'go' }).build();
      const starts = await Promise.allSettled([
        engine.start(asking(), 1, { id: 'r' }),
        engine.start(asking(), 2, { id: 'r' }),
        engine.start(asking(), 1, { id: 'r' }),
        engine.start(other, 1, { id: 'r' }),
      ]);
      const [first, second, third, fourth] = starts.map((one) =>
        one.status === 'fulfilled' ? one.value : (one.reason as { code: string; message: string }),
      );
      expect(third).toBe(first);
      expect((first as WorkflowRun).id).toBe('r');
      expect(second).toMatchObject({
        code: 'WORKFLOW_CONFLICT',
        message: expect.stringContaining('another input'),
      });
      expect(fourth).toMatchObject({
        code: 'WORKFLOW_CONFLICT',
        message: expect.stringContaining('"asking"'),
      });
    },
  );
});

describe('an aggregation that throws on one item', () => {
  test.each([{}, { fanIn: 2 }])('fails its step, which names the item (%j)', async (how) => {
    const engine = await engineWith([]);
    const definition = workflow('bad item')
      .map('all', { over: () => [1, 2, 3, 'x', 5], run: (n: unknown) => n as number })
      .reduce('sum', { of: 'all', using: stats(), ...how })
      .build();
    const { status, errors } = await (await engine.start(definition, 0)).result();
    expect(status).toBe('failed');
    expect(errors).toMatchObject([{ step: 'sum', message: expect.stringContaining('item 3') }]);
  });
});

describe('items without end', () => {
  test('that come with time are stopped at maxItems, and their source is closed', async () => {
    const closed = deferred();
    async function* endless() {
      try {
        for (let n = 0; ; n++) yield n;
      } finally {
        closed.resolve();
      }
    }
    const engine = await engineWith([]);
    const definition = workflow('endless')
      .map('all', { over: endless, maxItems: 100, run: (n: number) => n, onFailure: 'skip' })
      .build();
    const { status, errors } = await (await engine.start(definition, 0)).result();
    expect(status).toBe('failed');
    expect(errors).toMatchObject([{ step: 'all', code: 'WORKFLOW_LIMIT', retryable: false }]);
    await closed.promise;
  });

  test('inside of items are bounded there, and the other items are done', async () => {
    function* endless() {
      for (let n = 0; ; n++) yield n;
    }
    const inner = workflow('inner')
      .map('each', { over: ({ input }) => (input === 1 ? endless() : [input]), maxItems: 10, run: (n) => n })
      .build();
    const engine = await engineWith([]);
    const definition = workflow('outer')
      .map('all', { over: () => [0, 1, 2], workflow: inner, onFailure: 'skip' })
      .build();
    const { status, data } = await (await engine.start(definition, 0)).result();
    expect(status).toBe('partial');
    expect(data).toMatchObject({ all: [{ each: [0] }, { $missing: { item: 1 } }, { each: [2] }] });
  });
});
