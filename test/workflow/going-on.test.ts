import { expect, test } from 'vitest';
import type { EventStore } from '../../src/contract/event-store.ts';
import { MemoryStore, type WorkflowEvent, workflow } from '../../src/index.ts';
import { engineWith } from './gated-agent.ts';
import { begun } from './one-process.ts';

const fail = () => {
  throw new Error('no');
};
const never = () => new Promise<never>(() => undefined);

test('after the death of its process a run goes on with maps, loops and waits where they were', async () => {
  const calls: string[] = [];
  let isStuck = true;
  const one = await begun(
    workflow('goes-on')
      .map('items', {
        over: () => [0, 1, 2],
        run: async (item: number) => {
          calls.push(`item ${item}`);
          if (item === 1 && isStuck) await never();
          return item;
        },
      })
      .loop('turns', { run: () => calls.push('turn'), until: ({ turn }) => turn === 3 })
      .wait('pause', { ms: 50 })
      .build(),
  );
  await one.pass(20);
  isStuck = false;
  await one.restart();
  await one.pass(100);
  expect(one.live.run.state.status).toBe('ended');
  expect(await one.live.handle.result()).toMatchObject({ status: 'success', data: { items: [0, 1, 2] } });
  expect(calls.filter((call) => call === 'item 0')).toHaveLength(1);
  expect(calls.filter((call) => call === 'turn')).toHaveLength(3);
  expect(one.events.at(-1)?.atMs).toBe(50);
});

test('a loop whose process dies between two turns makes each turn once', async () => {
  const inputs: unknown[] = [];
  const work = (input: unknown) => {
    inputs.push(input);
    return inputs.length;
  };
  const one = await begun(
    workflow('turns')
      .loop('turns', { run: work, until: ({ turn }) => turn === 3 })
      .build(),
  );
  await one.live.handle.pause();
  await one.restart();
  await one.live.handle.resume();
  await one.pass(1);
  expect(inputs).toEqual(['input', 1, 2]);
});

test('a run that dies while it is cancelled is cancelled all the same', async () => {
  const one = await begun(
    workflow('cancelled', { concurrency: 1 })
      .step('long', { agent: 'ada' })
      .step('wide', { run: never })
      .build(),
    { faults: { cancelledTooLate: 1, mostMs: 60_000 } },
  );
  await one.pass(0);
  await one.live.handle.cancel();
  expect(one.live.run.state.status).toBe('running');
  await one.restart();
  await one.pass(0);
  expect(one.told.slice(-2)).toEqual(['step-cancelled long', 'run-ended']);
});

test('stop waits for what is under way alone, and all goes on from there', async () => {
  const one = await begun(
    workflow('stops')
      .map('items', { over: () => [0, 1, 2], concurrency: 1, agent: 'ada' })
      .wait('signal', { signal: 'go' })
      .build(),
  );
  const ended = () => one.told.filter((told) => told === 'items-ended items').length;
  const stopped = one.live.handle.stop();
  await one.pass(100);
  await stopped;
  expect(one.live.handle.state).toBe('stopped');
  expect(ended()).toBe(1);
  await one.live.handle.resume();
  await one.live.handle.signal('go');
  await one.pass(100);
  expect(ended()).toBe(3);
  expect(one.live.handle.state).toBe('ended');
});

test('with a slow store nobody is told of what is not kept, and no turn is made twice', async () => {
  const one = await begun(
    workflow('slow')
      .loop('turns', { run: (input: unknown) => `${input}.`, until: ({ turn }) => turn === 3 })
      .build(),
    { isSlow: true },
  );
  const seen: string[] = [];
  void one.live.handle.pause().then(() => seen.push(...one.told));
  void one.live.handle.result().then(() => seen.push('ended', ...one.told.slice(-1)));
  await one.pass(20);
  const resumed = one.live.handle.resume();
  await one.pass(50);
  await resumed;
  expect(seen).toContain('run-paused');
  expect(seen.slice(-2)).toEqual(['ended', 'run-ended']);
  expect(one.told.filter((told) => told === 'turn-ended turns')).toHaveLength(3);
});

test('a run that is cancelled between two attempts leaves no timer', async () => {
  const one = await begun(
    workflow('attempts')
      .step('fails', {
        run: fail,
        retry: { attempts: 2, backoffMs: 30_000 },
      })
      .build(),
  );
  await one.pass(0);
  expect(one.told.at(-1)).toBe('step-retried fails');
  await one.live.handle.cancel();
  await one.pass(0);
  expect(one.live.handle.state).toBe('ended');
  expect(one.clock.nextAtMs).toBeUndefined();
});

test('a pause before an attempt is kept to, whatever happens meanwhile', async () => {
  const one = await begun(
    workflow('pause')
      .step('fails', {
        run: fail,
        retry: { attempts: 2, backoffMs: 1_000 },
      })
      .wait('signal', { signal: 'go' })
      .build(),
  );
  await one.pass(0);
  await one.live.handle.signal('go');
  await one.pass(999);
  expect(one.told.at(-1)).toBe('step-succeeded signal');
  await one.pass(1);
  expect(one.told.at(-1)).toBe('run-ended');
});

test('a pause before an attempt outlives the process in which the last one failed', async () => {
  const one = await begun(
    workflow('outlives')
      .step('fails', { run: fail, retry: { attempts: 2, backoffMs: 1_000 } })
      .build(),
  );
  await one.pass(400);
  await one.restart();
  await one.pass(599);
  expect(one.told.at(-1)).toBe('run-restarted');
  await one.pass(1);
  expect(one.told.at(-1)).toBe('run-ended');
});

test('what a store has not kept is not told to who asked for it', async () => {
  const kept = new MemoryStore<WorkflowEvent>();
  const append: EventStore<WorkflowEvent>['append'] = (stream, version, events) =>
    events.some(({ type }) => type === 'run-paused')
      ? Promise.reject(new Error('the disk is full'))
      : kept.append(stream, version, events);
  const journal: EventStore<WorkflowEvent> = {
    append,
    read: (stream, version) => kept.read(stream, version),
    version: (stream) => kept.version(stream),
    saveSnapshot: (stream, snapshot) => kept.saveSnapshot(stream, snapshot),
    loadSnapshot: (stream) => kept.loadSnapshot(stream),
    remove: (stream) => kept.remove(stream),
  };
  const engine = await engineWith([], { journal: journal as EventStore });
  const run = await engine.start(workflow('full').wait('signal', { signal: 'go' }).build(), undefined);
  await expect(run.pause()).rejects.toThrow('the disk is full');
});

test('a run that has ended is not opened again on an engine that was closed', async () => {
  const engine = await engineWith([]);
  const run = await engine.start(workflow('over').step('fails', { run: fail }).build(), undefined);
  expect((await run.result()).status).toBe('failed');
  await engine.close();
  await expect(run.retry('fails')).rejects.toThrow('the engine was closed, and run "over-1"');
  expect([run.state, (await run.result()).status]).toEqual(['ended', 'failed']);
});

test('what a person gave in the place of a map that is folded outlives a checkpoint', async () => {
  const one = await begun(
    workflow('kept')
      .map('items', {
        over: (): number[] => {
          throw new Error('no items');
        },
        run: (item: number) => [item],
        onFailure: 'escalate',
      })
      .wait('go', { signal: 'go' })
      .reduce('all', {
        of: 'items',
        after: 'go',
        run: (values: readonly number[][]) => values.flat(),
        fanIn: 2,
      })
      .build(),
  );
  await one.pass(1);
  await one.live.handle.answer('items', { value: [[1], [2]] });
  await one.live.handle.checkpoint();
  await one.restart();
  await one.live.handle.signal('go');
  await one.pass(1);
  expect((await one.live.handle.result()).data).toMatchObject({ all: [1, 2] });
});

test('a step that is cancelled does not wait for the time of its nested workflow, which may take long to end', async () => {
  const inner = workflow('inner').step('slow', { agent: 'ada' }).build();
  const one = await begun(workflow('outer').step('nested', { workflow: inner, timeoutMs: 30_000 }).build(), {
    faults: { cancelledTooLate: 1, mostMs: 60_000 },
  });
  await one.pass(1);
  expect(one.process.clock.pendingLater).toBe(1);
  await one.live.handle.cancel();
  await one.pass(1);
  expect([one.live.handle.state, one.process.clock.pendingLater]).toEqual(['running', 0]);
});

test('a run that was told to end before its engine closes ends, with a slow store too', async () => {
  const one = await begun(workflow('closing').step('a', { run: never }).build(), { isSlow: true });
  const { handle, run } = one.live;
  const cancelled = handle.cancel();
  const closed = one.process.close(100);
  await one.pass(200);
  await Promise.all([cancelled, closed]);
  expect([(await handle.result()).status, run.isBroken]).toEqual(['failed', false]);
});
