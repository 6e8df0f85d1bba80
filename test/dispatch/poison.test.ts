import { describe, expect, it } from 'vitest';
import { isPoisonous } from '../../src/dispatch/poison.ts';
import { looseTask } from '../fixtures/tasks.ts';

const died = { code: 'WORKER_LOST', cause: undefined } as const;
const escaped = { code: 'HANDLER_FAILED', cause: undefined, tookThread: true } as const;
const failed = { code: 'HANDLER_FAILED', cause: undefined } as const;

describe('a task', () => {
  it('is poison once it has killed as many threads as it may, however it did', () => {
    const task = looseTask();
    expect(isPoisonous(task, died, 3)).toBe(false);
    expect(isPoisonous(task, escaped, 3)).toBe(false);
    expect(isPoisonous(task, died, 3)).toBe(true);
    expect(task.extras?.kills).toBe(3);
  });

  it('is not charged for failures that leave the thread alone', () => {
    const task = looseTask();
    for (const failure of [failed, { code: 'TIMEOUT', cause: undefined } as const]) {
      expect(isPoisonous(task, failure, 1)).toBe(false);
    }
    expect(task.extras).toBeUndefined();
  });
});
