import { describe, expect, onTestFinished, test } from 'vitest';
import type { TaskHandle, TaskState } from '../../src/contract/handle.ts';
import type { Outcome } from '../../src/contract/outcome.ts';
import { ioAgent, workflow } from '../../src/index.ts';
import { Sender } from '../../src/workflow/sender.ts';
import { type SendingEnd, type SendTarget, SingleSending } from '../../src/workflow/sending.ts';
import { engineOf } from '../fixtures/engines.ts';
import { deferred, nextTurn } from '../fixtures/waiting.ts';
import { ManualClock } from '../manual-clock.ts';

/** An engine whose tasks begin and end when a test says so. */
function engineByHand(first: TaskState = 'pending') {
  const clock = new ManualClock();
  const submitted: unknown[] = [];
  const tasks: { begin(): void; end(serviceMs: number): Promise<void> }[] = [];
  const submit = (_target: SendTarget, input: unknown): TaskHandle => {
    submitted.push(input);
    const { promise, resolve } = deferred<Outcome>();
    let state = first;
    tasks.push({
      begin: () => {
        state = 'running';
      },
      end: async (serviceMs) => {
        state = 'completed';
        const timing = { waitMs: 0, serviceMs, totalMs: serviceMs };
        resolve({ taskId: '', agent: 'a', status: 'completed', value: input, timing, attempts: [] });
        await nextTurn();
      },
    });
    return {
      id: '',
      get state() {
        return state;
      },
      outcome: promise,
      cancel: () => true,
      reprioritize: () => false,
      on: () => () => undefined,
    };
  };
  const sender = new Sender({ submit }, clock);
  const send = (input: unknown, urgency = 0, target: SendTarget = 'a') =>
    sender.send(new Plain(target, input, {}, urgency));
  /** What was deferred is done, and what comes of it. */
  const turns = (count: number) => {
    for (let turn = 0; turn < count; turn++) clock.turn();
  };
  return { sender, send, submitted, tasks, turns };
}

class Plain extends SingleSending {
  ended(_end: SendingEnd): void {}
}

describe('tasks of a run', () => {
  test('that take long wait in a line and not in the engine, where the most urgent could not overtake', async () => {
    const { sender, send, submitted, tasks } = engineByHand();
    send('first');
    await tasks[0]!.end(20);
    for (let n = 0; n < 100; n++) send(n);
    expect(submitted).toEqual(['first', 0, 1]);
    expect(sender.waiting).toBe(98);
    expect(sender.waitShare('a')).toBe(1);
    send('urgent', 5);
    await tasks[1]!.end(20);
    expect(submitted).toEqual(['first', 0, 1, 'urgent']);
    await tasks[2]!.end(20);
    expect(submitted.at(-1)).toBe(2);
    expect(sender.held).toBeUndefined();
  });

  test('that take next to nothing are submitted by the thousand', async () => {
    const { send, submitted, tasks } = engineByHand();
    send('first');
    await tasks[0]!.end(0.001);
    for (let n = 0; n < 3_000; n++) send(n);
    expect(submitted).toHaveLength(3_001);
  });

  test('are followed by the next as they begin, and by twice as many where all have', async () => {
    const { send, submitted, tasks, turns } = engineByHand('running');
    send('first');
    await tasks[0]!.end(1_000);
    for (let n = 0; n < 10_000; n++) send(n);
    turns(20);
    expect(submitted).toHaveLength(10_001);
  });

  test('do not wait for those of another agent', async () => {
    const { send, submitted, tasks } = engineByHand();
    send('first');
    await tasks[0]!.end(20);
    for (let n = 0; n < 10; n++) send(n);
    send('other', 0, 'b');
    expect(submitted).toEqual(['first', 0, 1, 'other']);
  });

  test('that end in another order than they came in leave nobody waiting', async () => {
    const { send, submitted, tasks } = engineByHand();
    for (let n = 0; n < 1_000; n++) send(n);
    for (let ended = 0; ended < 1_000; ended++) {
      // The first one never gets its turn before the others.
      const at = Math.min(submitted.length - 1, ended + 1);
      await tasks[ended === 999 ? 0 : at]!.end(5);
    }
    expect(submitted).toHaveLength(1_000);
  });
});

test('the longest way to the end goes first, with an agent that is busy and all the room there is by default', async () => {
  const order: string[] = [];
  const work = ioAgent('work', {
    limit: 1,
    run: async (name: string) => {
      order.push(name);
      const endAtMs = performance.now() + 3;
      while (performance.now() < endAtMs);
      await nextTurn();
    },
  });
  const engine = await engineOf([work]);
  onTestFinished(() => engine.close());
  const at = (name: string, expectedMs: number) => ({ agent: 'work', input: () => name, expectedMs });
  let definition = workflow('order').step('c0', at('c0', 10)) as unknown as {
    step(name: string, options: object): typeof definition;
    build(): ReturnType<ReturnType<typeof workflow>['build']>;
  };
  for (let n = 0; n < 120; n++) definition = definition.step(`leaf${n}`, at(`leaf${n}`, 10));
  for (let n = 1; n < 10; n++)
    definition = definition.step(`c${n}`, { ...at(`c${n}`, 20), after: `c${n - 1}` });
  const { status } = await (await engine.start(definition.build(), undefined)).result();
  expect(status).toBe('success');
  expect(order).toHaveLength(130);
  // Only what was submitted before anything was known is ahead of the chain.
  const places = order.flatMap((name, place) => (name.startsWith('c') ? [place] : []));
  expect(places[0]).toBe(0);
  expect(places.at(-1)).toBeLessThan(110);
});
