import { describe, expect, it } from 'vitest';
import { CancelledError, OverloadError, TaskError } from '../../src/contract/errors.ts';
import { STATE, type Task } from '../../src/contract/task.ts';
import { looseTask } from '../fixtures/tasks.ts';

const newTask = () => looseTask({ seq: 36, input: 'the input' });
const failure = () => new TaskError('HANDLER_FAILED', 't10', 'a', 'no');

type Name = keyof typeof STATE;
const LEGAL: Record<Name, readonly Name[]> = {
  pending: ['running', 'failed', 'cancelled', 'rejected'],
  running: ['pending', 'completed', 'failed', 'cancelled'],
  completed: [],
  failed: [],
  cancelled: [],
  rejected: [],
};
/** How to get a task into a state. */
const WAY: Record<Name, readonly Name[]> = {
  pending: [],
  running: ['running'],
  completed: ['running', 'completed'],
  failed: ['failed'],
  cancelled: ['cancelled'],
  rejected: ['rejected'],
};
const names = Object.keys(STATE) as Name[];
const moves = names.flatMap((from) => names.map((to) => [from, to] as const));

function taskIn(state: Name): Task {
  const task = newTask();
  for (const step of WAY[state]) task.move(STATE[step]);
  expect(task.state).toBe(state);
  return task;
}

describe('the states of a task', () => {
  it.each(moves.filter(([from, to]) => LEGAL[from].includes(to)))('%s may become %s', (from, to) => {
    const task = taskIn(from);
    task.move(STATE[to]);
    expect(task.state).toBe(to);
  });

  it.each(moves.filter(([from, to]) => !LEGAL[from].includes(to)))('%s must not become %s', (from, to) => {
    const task = taskIn(from);
    expect(() => task.move(STATE[to])).toThrow(`task t10: illegal move from ${from} to ${to}`);
    expect(task.state).toBe(from);
  });

  it.each(names)('%s knows whether it is an end', (state) => {
    expect(taskIn(state).ended).toBe(LEGAL[state].length === 0);
  });

  it('cannot end twice, whichever ways', () => {
    const ends: ((task: Task) => void)[] = [
      (task) => task.complete(1, 0, 0, 0),
      (task) => task.fail(failure(), 0, 0, 0),
      (task) => task.fail(new CancelledError('t10', 'a', 'cancelled'), 0, 0, 0),
    ];
    for (const first of ends) {
      for (const second of ends) {
        const task = taskIn('running');
        first(task);
        expect(() => second(task)).toThrow('illegal move');
      }
    }
  });
});

describe('the outcome of a task', () => {
  const timing = { waitMs: 1, serviceMs: 2, totalMs: 4 };
  const ways: [string, (task: Task) => void, object][] = [
    [
      'completed',
      (task) => {
        task.move(STATE.running);
        task.complete({ v: 1 }, 1, 2, 4);
      },
      { status: 'completed', value: { v: 1 }, timing },
    ],
    ['failed', (task) => task.fail(failure(), 1, 2, 4), { status: 'failed', error: failure(), timing }],
    [
      'cancelled',
      (task) => task.fail(new CancelledError('t10', undefined, 'shutdown'), 1, 2, 4),
      { status: 'cancelled', reason: 'shutdown', timing },
    ],
    [
      'rejected',
      (task) => task.reject(new OverloadError('queue-full', 1, 100)),
      { status: 'rejected', timing: { waitMs: 0, serviceMs: 0, totalMs: 0 } },
    ],
  ];

  it.each(ways)(
    'is the same whether it is asked for before or after the end: %s',
    async (_name, end, expected) => {
      const early = newTask();
      const promise = early.outcome;
      end(early);
      const late = newTask();
      end(late);
      expect(await promise).toMatchObject({ taskId: 't10', ...expected });
      expect(await late.outcome).toEqual(await promise);
      expect(late.outcome).toBe(late.outcome);
    },
  );

  it.each(ways)('lets go of the input and of its place: %s', (_name, end) => {
    const task = newTask();
    task.place = {};
    end(task);
    expect(Object.values(task)).not.toContain('the input');
    expect(task.place).toBeUndefined();
  });

  it('of `run` is the value or a throw', async () => {
    const completed = newTask();
    const value = completed.unwrapped();
    completed.move(STATE.running);
    completed.complete(42, 0, 0, 0);
    expect(await value).toBe(42);
    const failed = newTask();
    const thrown = failed.unwrapped();
    const error = failure();
    failed.fail(error, 0, 0, 0);
    await expect(thrown).rejects.toBe(error);
  });
});
