import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Engine, ioAgent, type Priority, type TaskHandle } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { deferred, Flag, nextTurn, running } from '../fixtures/waiting.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Submits one task for each priority while the agent is held, lets go, and gives the order in which they ended. */
async function orderOf(
  engine: Engine,
  agent: string,
  hold: { readonly occupant: TaskHandle; release(): void },
  change: (handles: ReadonlyMap<string, TaskHandle>) => void = () => {},
): Promise<string[]> {
  const priorities: [string, Priority][] = [
    ['low', 'low'],
    ['normal', 'normal'],
    ['11', 11],
    ['high', 'high'],
    ['normal again', 0],
    ['-11', -11],
    ['high again', 10],
  ];
  const order: string[] = [];
  const handles = new Map<string, TaskHandle>();
  for (const [name, priority] of priorities) {
    const handle = engine.submit(agent, { value: name }, { priority });
    void handle.outcome.then((outcome) => void (outcome.status === 'completed' && order.push(name)));
    handles.set(name, handle);
  }
  await nextTurn();
  change(handles);
  hold.release();
  await hold.occupant.outcome;
  await Promise.all([...handles.values()].map((handle) => handle.outcome));
  await nextTurn();
  return order;
}

const BY_PRIORITY = ['11', 'high', 'high again', 'normal', 'normal again', 'low', '-11'];
/** `low` goes first of all, `11` last but one, `high` behind the other high one; `normal` is gone. */
function rearrange(handles: ReadonlyMap<string, TaskHandle>): void {
  expect(handles.get('low')!.reprioritize(100)).toBe(true);
  expect(handles.get('11')!.reprioritize('low')).toBe(true);
  expect(handles.get('high')!.reprioritize('high')).toBe(true);
  handles.get('normal')!.cancel();
  expect(handles.get('normal')!.reprioritize('high')).toBe(false);
}
const REARRANGED = ['low', 'high again', 'high', 'normal again', '11', '-11'];

describe('on the event loop', () => {
  let engine: Engine;
  let gate = deferred();
  beforeAll(async () => {
    const run = async ({ value }: { value: unknown }) => {
      if (value === 'occupant') await gate.promise;
      return value;
    };
    engine = await engineOf([ioAgent('one', { limit: 1, run })]);
  });
  afterAll(() => engine.close());
  const occupy = async () => {
    gate = deferred();
    const occupant = engine.submit('one', { value: 'occupant' });
    await nextTurn();
    return { occupant, release: gate.resolve };
  };

  it('tasks go by priority, and in the order of their submits within one', async () => {
    expect(await orderOf(engine, 'one', await occupy())).toEqual(BY_PRIORITY);
  });

  it('waiting tasks can be moved to the tail of another priority', async () => {
    expect(await orderOf(engine, 'one', await occupy(), rearrange)).toEqual(REARRANGED);
  });

  it('a running task cannot be moved', async () => {
    const { occupant, release } = await occupy();
    expect(occupant.state).toBe('running');
    expect(occupant.reprioritize('high')).toBe(false);
    release();
    await occupant.outcome;
    expect(occupant.reprioritize('high')).toBe(false);
  });
});

describe('on a thread', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await engineOf([onThreads('hold', { limit: 1 }), onThreads('echo', { limit: 1 })]);
  });
  afterAll(() => engine.close());

  const occupy = async () => {
    const flag = new Flag();
    const occupant = engine.submit('hold', { flag: flag.flag, value: 'occupant' });
    await running(occupant);
    return { occupant, release: () => flag.raise() };
  };

  it('tasks go by priority, and in the order of their submits within one', async () => {
    expect(await orderOf(engine, 'echo', await occupy())).toEqual(BY_PRIORITY);
  });

  it('waiting tasks can be moved to the tail of another priority', async () => {
    expect(await orderOf(engine, 'echo', await occupy(), rearrange)).toEqual(REARRANGED);
  });

  it('a high task goes before low ones that were sent to the thread already but have not started', async () => {
    const flag = new Flag();
    await using own = await engineOf([onThreads('holdBytes')], { batch: { quantumMs: 0.001 } });
    const order: string[] = [];
    const submit = (name: string, input: object, priority: Priority) => {
      const handle = own.submit('holdBytes', input, { priority });
      void handle.outcome.then(() => order.push(name));
      return handle;
    };
    const first = submit('first', { flag: flag.flag }, 'normal');
    await running(first);
    const buffer = new ArrayBuffer(1);
    const low = submit('low', { buffer }, 'low');
    await nextTurn();
    const high = submit('high', { buffer }, 'high');
    await nextTurn();
    flag.raise();
    await Promise.all([low.outcome, high.outcome]);
    expect(order).toEqual(['first', 'high', 'low']);
  });
});
