import { describe, expect, test } from 'vitest';
import { workflow } from '../../src/index.ts';
import { engineWith } from './gated-agent.ts';

/** Steps that fail as long as they are told to. */
function failing(...names: string[]) {
  const bad = new Set(names);
  const step = (name: string) => ({
    run: () => {
      if (bad.has(name)) throw new Error(`${name} is bad`);
      return name;
    },
  });
  return { bad, step };
}

describe('retrying a failed step', () => {
  test('forgets its error and runs what was not run because of it', async () => {
    const { bad, step } = failing('a');
    const definition = workflow('chain')
      .step('a', step('a'))
      .step('b', { after: 'a', ...step('b') })
      .step('c', { after: 'b', ...step('c') })
      .build();
    const engine = await engineWith([]);
    const run = await engine.start(definition, 0);
    const first = await run.result();
    expect([first.status, first.errors.length, run.step('c')]).toEqual(['failed', 1, 'skipped']);
    bad.clear();
    await run.retry('a');
    expect(await run.result()).toMatchObject({ status: 'success', data: { c: 'c' }, errors: [] });
    await expect(run.retry('a')).rejects.toThrow('fork the run to do it again');
  });

  test('leaves alone what another failed step holds back, until that is retried as well', async () => {
    const { bad, step } = failing('a', 'b');
    const definition = workflow('two')
      .step('a', step('a'))
      .step('b', step('b'))
      .step('c', { after: ['a', 'b'], run: (_input, { a, b }) => [a, b] })
      .build();
    const engine = await engineWith([]);
    const run = await engine.start(definition, 0);
    await run.result();
    bad.clear();
    await run.retry('a');
    expect(await run.result()).toMatchObject({ status: 'failed', errors: [{ step: 'b' }] });
    expect([run.step('a'), run.step('c')]).toEqual(['succeeded', 'skipped']);
    await run.retry('b');
    expect((await run.result()).data).toEqual({ c: ['a', 'b'] });
  });

  test('goes on with what was cancelled when the run ended for it', async () => {
    const { bad, step } = failing('a');
    const definition = workflow('stop', { onError: 'stop' })
      .step('a', step('a'))
      .wait('w', { signal: 'go' })
      .step('b', { after: 'w', ...step('b') })
      .build();
    const engine = await engineWith([]);
    const run = await engine.start(definition, 0);
    await run.result();
    expect([run.step('w'), run.step('b')]).toEqual(['cancelled', 'cancelled']);
    bad.clear();
    await run.retry('a');
    await run.signal('go', 1);
    expect(await run.result()).toMatchObject({ status: 'success', data: { a: 'a', b: 'b' } });
  });

  test('is refused once steps were undone', async () => {
    const { step } = failing('b');
    const definition = workflow('saga')
      .step('a', { ...step('a'), compensate: () => undefined })
      .step('b', { after: 'a', ...step('b') })
      .build();
    const engine = await engineWith([]);
    const run = await engine.start(definition, 0);
    await run.result();
    await expect(run.retry('b')).rejects.toMatchObject({
      code: 'WORKFLOW_STATE',
      message: expect.stringContaining('has undone steps; start a new run'),
    });
  });

  test('of a workflow inside runs that again', async () => {
    const { bad, step } = failing('inner');
    const inner = workflow('inner').step('inner', step('inner')).build();
    const definition = workflow('outer').step('outer', { workflow: inner }).build();
    const engine = await engineWith([]);
    const run = await engine.start(definition, 0);
    expect((await run.result()).status).toBe('failed');
    bad.clear();
    await run.retry('outer');
    expect((await run.result()).data).toEqual({ outer: { inner: 'inner' } });
  });
});

describe('skipping a step', () => {
  test('puts a value in its place, and runs what was not run because it failed', async () => {
    const { step } = failing('a');
    const definition = workflow('skip')
      .step('a', step('a'))
      .step('b', { after: 'a', run: (a) => `with ${String(a)}` })
      .wait('w', { signal: 'go' })
      .step('c', { after: 'w', run: (w) => w })
      .build();
    const engine = await engineWith([]);
    const run = await engine.start(definition, 0);
    for await (const { step: name } of run.results()) if (name === 'b') break;
    expect(run.step('b')).toBe('skipped');
    await run.skip('a', { value: 'a value' });
    await run.skip('w');
    const { data } = await run.result();
    expect(data).toEqual({ b: 'with a value', c: { $missing: expect.objectContaining({ step: 'w' }) } });
  });
});
