import { describe, expect, test } from 'vitest';
import { MemoryStore, workflow } from '../../src/index.ts';
import { engineWith, GatedAgent } from './gated-agent.ts';

/** A diamond whose steps note that they have run. */
function diamond() {
  const ran: string[] = [];
  const step = (name: string) => ({ run: () => `${name}${ran.push(name)}` });
  const definition = workflow('diamond')
    .step('a', step('a'))
    .step('b', { after: 'a', ...step('b') })
    .step('c', { after: 'a', ...step('c') })
    .step('d', { after: ['b', 'c'], ...step('d') })
    .build();
  return { ran, definition };
}

describe('a fork', () => {
  test('runs a step and what comes after it again, and keeps all else', async () => {
    const { ran, definition } = diamond();
    const journal = new MemoryStore();
    const engine = await engineWith([], { journal });
    const run = await engine.start(definition, 0, { id: 'run-1' });
    const result = await run.result();
    const fork = await run.fork({ from: 'b', id: 'run-2' });
    expect((await fork.result()).data).toEqual({ d: 'd6' });
    expect(ran).toEqual(['a', 'b', 'c', 'd', 'b', 'd']);
    expect(await run.result()).toEqual(result);
    expect([...journal.read('run-2', 0)][0]).toMatchObject({ forkOf: 'run-1', forkFrom: 'b' });
    expect(await run.fork({ from: 'b', id: 'run-2' })).toBe(fork);
    for (const from of ['c', 'd']) {
      await expect(run.fork({ from, id: 'run-2' })).rejects.toMatchObject({ code: 'WORKFLOW_CONFLICT' });
    }
    await expect(run.fork({ from: 'b', id: 'run-1' })).rejects.toMatchObject({ code: 'WORKFLOW_CONFLICT' });
    await expect(run.fork({ from: 'e' })).rejects.toThrow('has no step "e"');
    const other = await engineWith([], { journal });
    const known = await other.start(definition, 0, { id: 'run-2' });
    expect(await known.result()).toEqual(await fork.result());
  });

  test('of a run that is under way runs what has not ended there, too', async () => {
    const gate = new GatedAgent();
    const definition = workflow('two')
      .step('a', { agent: 'gate' })
      .step('b', { agent: 'gate' })
      .step('c', { after: ['a', 'b'], run: (_input, { a, b }) => [a, b] })
      .build();
    const engine = await engineWith([gate.agent('gate')]);
    const run = await engine.start(definition, 0);
    await gate.called(2);
    gate.calls[0]!.finish('a');
    for await (const { step } of run.results()) if (step === 'a') break;
    const fork = await run.fork({ from: 'c' });
    await gate.called(3);
    gate.calls[2]!.finish('b again');
    expect((await fork.result()).data).toEqual({ c: ['a', 'b again'] });
    expect(run.step('b')).toBe('running');
  });

  test('from a reduction has the outputs of its map, which the run had given up', async () => {
    let items = 0;
    const definition = workflow('sum')
      .map('m', {
        over: ({ input }) => input as number[],
        run: (item) => {
          items++;
          return item;
        },
      })
      .reduce('sum', { of: 'm', run: (all) => (all as number[]).reduce((a, b) => a + b, 0) })
      .build();
    const engine = await engineWith([]);
    const run = await engine.start(definition, [1, 2, 3]);
    await run.result();
    const fork = await run.fork({ from: 'sum' });
    expect((await fork.result()).data).toEqual({ sum: 6 });
    expect(items).toBe(3);
  });

  test('cannot run a reduction again whose map it has taken over without its outputs, and says what can', async () => {
    const gate = new GatedAgent();
    const definition = workflow('sum')
      .map('m', { over: () => [1, 2, 3, 4], run: (item) => item })
      .reduce('sum', { of: 'm', agent: 'gate', fanIn: 2 })
      .step('after', { after: 'sum', run: (sum) => sum })
      .build();
    const engine = await engineWith([gate.agent('gate')]);
    const run = await engine.start(definition, 0, { id: 'sums' });
    await gate.called(2);
    gate.calls[0]!.finish(3);
    gate.calls[1]!.finish(7);
    await gate.called(3);
    await run.skip('sum', { value: 5 });
    expect((await run.result()).data).toEqual({ after: 5 });
    const fork = await run.fork({ from: 'after' });
    expect((await fork.result()).data).toEqual({ after: 5 });
    await expect(fork.retry('sum')).rejects.toThrow(
      `step "sum" of run "${fork.id}" needs the outputs of "m", which a fork does not take over once they were folded; fork run "sums" from "m"`,
    );
  });

  test('does not keep what was undone', async () => {
    const { ran, definition } = (() => {
      const names: string[] = [];
      const built = workflow('saga')
        .step('a', { run: () => names.push('a') })
        .step('b', { after: 'a', run: () => names.push('b'), compensate: () => names.push('undo b') })
        .step('c', { after: 'b', run: () => Promise.reject(new Error('no')) })
        .build();
      return { ran: names, definition: built };
    })();
    const engine = await engineWith([]);
    const run = await engine.start(definition, 0);
    await run.result();
    await (await run.fork({ from: 'c' })).result();
    expect(ran).toEqual(['a', 'b', 'undo b', 'b', 'undo b']);
  });
});
