import { describe, expect, test } from 'vitest';
import { type Completion, type EndListener, ON_END } from '../../src/contract/end-listener.ts';
import { OverloadError, TaskError } from '../../src/contract/errors.ts';
import type { Outcome } from '../../src/contract/outcome.ts';
import { STATE } from '../../src/contract/task.ts';
import { looseTask } from '../fixtures/tasks.ts';

/** What it was told, as it was when it was told. */
function listener() {
  const told: Record<string, unknown>[] = [];
  const by: EndListener = {
    taskEnded(end: Completion | Outcome) {
      const { status, timing } = end;
      const what = end.status === 'completed' ? { value: end.value } : { code: end.error.code };
      told.push({ status, totalMs: timing.totalMs, ...what });
    },
  };
  return { told, by };
}

describe('the listener of a task', () => {
  test('is told of each end, once, when the engine is done with what it does', async () => {
    const { told, by } = listener();
    const [first, second, third] = [looseTask({ seq: 1 }), looseTask({ seq: 2 }), looseTask({ seq: 3 })];
    for (const task of [first, second, third]) task[ON_END](by);
    first.move(STATE.running);
    first.complete('one', 1, 2, 3);
    second.fail(new TaskError('HANDLER_FAILED', 't2', 'a', 'no'), 1, 2, 4);
    expect(told).toEqual([]);
    await undefined;
    third.reject(new OverloadError('queue-full', 1, 5), 6);
    await undefined;
    expect(told).toEqual([
      { status: 'completed', totalMs: 3, value: 'one' },
      { status: 'failed', totalMs: 4, code: 'HANDLER_FAILED' },
      { status: 'rejected', totalMs: 6, code: 'OVERLOADED' },
    ]);
  });

  test('is told of one that had ended before', async () => {
    const { told, by } = listener();
    const task = looseTask();
    task.move(STATE.running);
    task.complete(7, 1, 2, 3);
    task[ON_END](by);
    await undefined;
    expect(told).toEqual([{ status: 'completed', totalMs: 3, value: 7 }]);
  });
});

describe('what tasks have in common', () => {
  test('is copied by the one that changes it', () => {
    const [one, other] = [looseTask({ seq: 1 }), looseTask({ seq: 2 })];
    const shared = one.more;
    shared.workflow = 'w';
    shared.isShared = true;
    other.extras = shared;
    other.more.kills++;
    expect([one.extras?.kills, other.extras?.kills]).toEqual([0, 1]);
    expect([other.extras?.workflow, other.extras?.isShared]).toEqual(['w', false]);
    // From then on it is its own.
    const own = other.extras;
    other.more.kills++;
    expect(other.extras).toBe(own);
    expect(shared.kills).toBe(0);
  });
});
