import { describe, expect, test } from 'vitest';
import { workflow } from '../../src/index.ts';
import { engineWith, GatedAgent } from './gated-agent.ts';

/** Items 0 and 1 are critical; the map ends with them, as soon as there are `count` results. */
async function collect(count: number) {
  const gate = new GatedAgent();
  const engine = await engineWith([gate.agent('gate')]);
  const definition = workflow('hybrid')
    .map('ask', {
      over: () => [0, 1, 2, 3, 4],
      agent: 'gate',
      minSuccess: { items: [0, 1] },
      enough: { count },
    })
    .build();
  const run = await engine.start(definition, 0);
  await gate.called(5);
  const results = run.results();
  const next = async (): Promise<unknown> => (await results.next()).value;
  return { gate, run, next };
}

describe('a map with critical items and enough', () => {
  test('awaits these, tells of the others as they come, and ends without those that are not there', async () => {
    const { gate, run, next } = await collect(3);
    gate.calls[3]!.finish('three');
    expect(await next()).toMatchObject({ item: 3, value: 'three' });
    gate.calls[4]!.fail(new Error('nothing there'));
    expect(await next()).toMatchObject({ item: 4, status: 'failed' });
    gate.calls[1]!.finish('one');
    expect(await next()).toMatchObject({ item: 1, value: 'one' });
    expect(run.step('ask')).toBe('running');
    gate.calls[0]!.finish('zero');
    const { status, data } = await run.result();
    expect(status).toBe('partial');
    expect(data).toMatchObject({
      ask: ['zero', 'one', { $missing: { code: 'CANCELLED' } }, 'three', { $missing: { item: 4 } }],
    });
    expect(gate.calls[2]!.signal.aborted).toBe(true);
  });

  test('goes on to as many as are enough when the critical ones came first', async () => {
    const { gate, run, next } = await collect(3);
    for (const item of [0, 1]) gate.calls[item]!.finish(item);
    for (const item of [0, 1]) expect(await next()).toMatchObject({ item });
    expect(run.step('ask')).toBe('running');
    gate.calls[4]!.finish(4);
    expect((await run.result()).data).toMatchObject({ ask: { 0: 0, 1: 1, 4: 4 } });
    expect([2, 3].map((item) => gate.calls[item]!.signal.aborted)).toEqual([true, true]);
  });

  test('fails as soon as a critical one has failed, and spends no more', async () => {
    const { gate, run } = await collect(3);
    gate.calls[1]!.fail(new Error('no index'));
    const { status, errors } = await run.result();
    expect(status).toBe('failed');
    expect(errors).toContainEqual(expect.objectContaining({ step: 'ask', code: 'TOO_FEW_SUCCEEDED' }));
    expect(gate.calls.every(({ signal }, item) => item === 1 || signal.aborted)).toBe(true);
  });
});
