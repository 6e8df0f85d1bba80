import { describe, expect, test } from 'vitest';
import type { WorkflowEvent } from '../../src/index.ts';
import { EngineClosedError, MemoryStore, workflow } from '../../src/index.ts';
import { settleable } from '../../src/workflow/settleable.ts';
import { engineWith, GatedAgent } from './gated-agent.ts';

const chain = () => workflow('chain').step('a', { agent: 'a' }).step('b', { after: 'a', agent: 'b' }).build();

async function eventsOf(store: MemoryStore, id: string): Promise<WorkflowEvent[]> {
  return [...(store.read(id, 0) as Iterable<WorkflowEvent>)];
}

describe('a run that is stopped', () => {
  test('finishes what runs, starts nothing more, and goes on with the token on the same engine', async () => {
    const [a, b] = [new GatedAgent(), new GatedAgent()];
    const engine = await engineWith([a.agent('a'), b.agent('b')]);
    const run = await engine.start(chain(), 1);
    await a.called(1);
    const stopped = run.stop();
    expect(run.state).toBe('stopping');
    a.calls[0]!.finish('done');
    const token = await stopped;
    expect([run.state, run.step('a'), run.step('b')]).toEqual(['stopped', 'succeeded', 'waiting']);
    expect(b.calls).toEqual([]);
    expect(await engine.resume(chain(), token)).toBe(run);
    await b.called(1);
    expect(b.inputs).toEqual(['done']);
    b.finishAll();
    expect((await run.result()).data).toEqual({ b: 'done' });
    expect([a.calls.length, b.calls.length]).toEqual([1, 1]);
  });

  test('goes on on another engine that has the same journal', async () => {
    const journal = new MemoryStore();
    const [a, b] = [new GatedAgent(), new GatedAgent()];
    const first = await engineWith([a.agent('a'), b.agent('b')], { journal });
    const run = await first.start(chain(), 1, { id: 'run-1' });
    await a.called(1);
    const stopped = run.stop();
    a.finishAll();
    const token = await stopped;
    await first.close();
    const second = await engineWith([a.agent('a'), b.agent('b')], { journal });
    const again = await second.resume(chain(), token);
    expect(again.id).toBe('run-1');
    await b.called(1);
    b.finishAll();
    expect(await again.result()).toMatchObject({ status: 'success', data: { b: 1 }, metadata: { tasks: 2 } });
    expect((await eventsOf(journal, 'run-1')).map(({ type }) => type)).toEqual([
      'run-started',
      'step-started',
      'run-stopping',
      'step-succeeded',
      'run-stopped',
      'run-restarted',
      'step-started',
      'step-succeeded',
      'run-ended',
    ]);
  });

  test('keeps what a map has got: items that are done are not run again', async () => {
    const journal = new MemoryStore();
    const agent = new GatedAgent();
    const definition = workflow('map')
      .map('m', { over: ({ input }) => input as number[], agent: 'item', concurrency: 2 })
      .build();
    const first = await engineWith([agent.agent('item')], { journal });
    const run = await first.start(definition, [1, 2, 3, 4]);
    await agent.called(2);
    const stopped = run.stop();
    agent.finishAll();
    const token = await stopped;
    expect(agent.inputs).toEqual([1, 2]);
    await first.close();
    const second = await engineWith([agent.agent('item')], { journal });
    const again = await second.resume(definition, token);
    await agent.called(4);
    agent.finishAll();
    expect((await again.result()).data).toEqual({ m: [1, 2, 3, 4] });
    expect(agent.inputs).toEqual([1, 2, 3, 4]);
  });

  test('keeps the turns of a loop and the values of signals', async () => {
    const journal = new MemoryStore();
    const agent = new GatedAgent();
    const definition = workflow('loop')
      .loop('l', { agent: 'turn', until: ({ output }) => (output as number) >= 3, max: 5 })
      .wait('w', { signal: 'go' })
      .build();
    const first = await engineWith([agent.agent('turn')], { journal });
    const run = await first.start(definition, 0);
    await agent.called(1);
    agent.calls[0]!.finish(1);
    await agent.called(2);
    const stopped = run.stop();
    agent.calls[1]!.finish(2);
    const token = await stopped;
    await run.signal('go', 'went');
    await first.close();
    const second = await engineWith([agent.agent('turn')], { journal });
    const again = await second.resume(definition, token);
    await agent.called(3);
    agent.calls[2]!.finish(3);
    expect((await again.result()).data).toEqual({ l: 3, w: 'went' });
    expect(agent.inputs).toEqual([0, 1, 2]);
  });

  test('keeps parked steps and items parked: they are answered after the restart', async () => {
    const journal = new MemoryStore();
    const agent = new GatedAgent();
    const definition = workflow('parked')
      .wait('ask', { approval: 'may we?' })
      .map('m', { over: () => [1, 2], agent: 'item', onFailure: 'escalate' })
      .build();
    const first = await engineWith([agent.agent('item')], { journal });
    const run = await first.start(definition, 0);
    await agent.called(2);
    agent.calls[0]!.finish('one');
    agent.calls[1]!.fail(new Error('no'));
    for await (const event of run.events()) if (event.type === 'items-ended' && event.items.length > 0) break;
    for await (const event of run.events()) if (event.type === 'item-parked') break;
    const token = await run.stop();
    await first.close();
    const second = await engineWith([agent.agent('item')], { journal });
    const again = await second.resume(definition, token);
    expect([again.step('ask'), again.step('m')]).toEqual(['parked', 'running']);
    await again.answer('ask', { value: 'yes' });
    await again.answer('m', { retry: true }, 1);
    await agent.called(3);
    expect(agent.inputs).toEqual([1, 2, 2]);
    agent.calls[2]!.finish('two');
    expect((await again.result()).data).toEqual({ ask: 'yes', m: ['one', 'two'] });
  });
});

describe('a run whose engine was closed', () => {
  test('is not failed by that: result() says how to resume, and a step that was cut short runs again', async () => {
    const journal = new MemoryStore();
    const [a, b] = [new GatedAgent(), new GatedAgent()];
    const first = await engineWith([a.agent('a'), b.agent('b')], { journal });
    const run = await first.start(chain(), 1, { id: 'run-1' });
    await a.called(1);
    await first.close({ timeoutMs: 1 });
    const error = await run.result().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(EngineClosedError);
    const { message, resumeToken } = error as EngineClosedError;
    expect(message).toContain('run "run-1" of workflow "chain"');
    expect(message).toContain('engine.resume(workflow, error.resumeToken)');
    await expect(run.pause()).rejects.toThrow('run "run-1"');
    await expect(run.checkpoint()).rejects.toThrow('run "run-1"');
    const second = await engineWith([a.agent('a'), b.agent('b')], { journal });
    const again = await second.resume(chain(), resumeToken!);
    await a.called(2);
    a.calls[1]!.finish('done');
    await b.called(1);
    b.finishAll();
    expect(await again.result()).toMatchObject({ status: 'success', errors: [], data: { b: 'done' } });
    const events = await eventsOf(journal, 'run-1');
    expect(events.filter(({ type }) => type === 'step-failed' || type === 'step-cancelled')).toEqual([]);
    expect(
      events.flatMap((event) => (event.type === 'step-started' ? [[event.step, event.attempt]] : [])),
    ).toEqual([
      ['a', 1],
      ['a', 2],
      ['b', 1],
    ]);
  });

  test('lets steps finish that can in time, functions, too', async () => {
    const journal = new MemoryStore();
    const a = new GatedAgent();
    const late = settleable<string>();
    const definition = workflow('two')
      .step('a', { agent: 'a' })
      .step('f', { run: () => late.promise })
      .step('after', { after: ['a', 'f'], run: () => 'never here' })
      .build();
    const first = await engineWith([a.agent('a')], { journal });
    const run = await first.start(definition, 1);
    await a.called(1);
    const closed = first.close();
    a.calls[0]!.finish('a');
    late.resolve('f');
    await closed;
    expect([run.state, run.step('a'), run.step('f'), run.step('after')]).toEqual([
      'stopped',
      'succeeded',
      'succeeded',
      'waiting',
    ]);
    await expect(run.result()).rejects.toMatchObject({ code: 'ENGINE_CLOSED' });
    await expect(first.start(definition, 1)).rejects.toMatchObject({ code: 'ENGINE_CLOSED' });
  });

  test('ends the reading of its events with the same error', async () => {
    const a = new GatedAgent();
    const engine = await engineWith([a.agent('a'), a.agent('b')]);
    const run = await engine.start(chain(), 1);
    const reading = (async () => {
      for await (const _event of run.events());
    })();
    await a.called(1);
    const closed = engine.close({ timeoutMs: 1 });
    await expect(reading).rejects.toMatchObject({ code: 'ENGINE_CLOSED' });
    await closed;
  });
});

describe('a run of an id', () => {
  test('that only the journal knows is given back by start: what has not ended goes on', async () => {
    const journal = new MemoryStore();
    const [a, b] = [new GatedAgent(), new GatedAgent()];
    const first = await engineWith([a.agent('a'), b.agent('b')], { journal });
    const run = await first.start(chain(), { n: 1 }, { id: 'run-1' });
    await a.called(1);
    a.calls[0]!.finish('done');
    await b.called(1);
    await first.close({ timeoutMs: 1 });
    await expect(run.result()).rejects.toMatchObject({ code: 'ENGINE_CLOSED' });
    const second = await engineWith([a.agent('a'), b.agent('b')], { journal });
    await expect(second.start(chain(), { n: 2 }, { id: 'run-1' })).rejects.toThrow('with another input');
    const other = workflow('chain').step('a', { agent: 'a' }).build();
    const third = await engineWith([a.agent('a'), b.agent('b')], { journal });
    await expect(third.start(other, { n: 1 }, { id: 'run-1' })).rejects.toMatchObject({
      code: 'WORKFLOW_CONFLICT',
      message: expect.stringContaining('another definition'),
    });
    const [again, twin] = await Promise.all([
      second.start(chain(), { n: 1 }, { id: 'run-1' }),
      second.start(chain(), { n: 1 }, { id: 'run-1' }),
    ]);
    expect(again).toBe(twin);
    await b.called(2);
    b.finishAll();
    expect((await again.result()).data).toEqual({ b: 'done' });
    expect(a.calls.length).toBe(1);
  });

  test('that has ended is given back with its result', async () => {
    const journal = new MemoryStore();
    const a = new GatedAgent();
    const first = await engineWith([a.agent('a'), a.agent('b')], { journal });
    const run = await first.start(chain(), 1, { id: 'run-1' });
    await a.called(1);
    a.calls[0]!.finish('one');
    await a.called(2);
    a.calls[1]!.finish('two');
    const result = await run.result();
    await first.close();
    const second = await engineWith([a.agent('a'), a.agent('b')], { journal });
    const again = await second.start(chain(), 1, { id: 'run-1' });
    expect(again.state).toBe('ended');
    expect(await again.result()).toEqual(result);
    expect(a.calls.length).toBe(2);
    // A run without an id is another one, whatever the journal holds.
    const third = await second.start(chain(), 1);
    expect(third.id).not.toBe('run-1');
  });

  test('keeps its pause over a restart; a token ends it', async () => {
    const journal = new MemoryStore();
    const a = new GatedAgent();
    const first = await engineWith([a.agent('a'), a.agent('b')], { journal });
    const run = await first.start(chain(), 1, { id: 'run-1' });
    await a.called(1);
    await run.pause();
    const token = await run.checkpoint();
    await first.close({ timeoutMs: 1 });
    const second = await engineWith([a.agent('a'), a.agent('b')], { journal });
    expect((await second.start(chain(), 1, { id: 'run-1' })).state).toBe('paused');
    await second.close({ timeoutMs: 1 });
    const third = await engineWith([a.agent('a'), a.agent('b')], { journal });
    expect((await third.resume(chain(), token)).state).toBe('running');
  });
});
