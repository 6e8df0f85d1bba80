import { describe, expect, it } from 'vitest';
import type { Task } from '../../src/contract/task.ts';
import { LiveTasks } from '../../src/dispatch/live-tasks.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';
import { looseTask } from '../fixtures/tasks.ts';

const taskOf = (seq: number): Task => looseTask({ seq });

describe('the live tasks', () => {
  it('are found by their numbers until they are removed, and stand in the order of their numbers', () => {
    const live = new LiveTasks();
    const tasks = Array.from({ length: 2_000 }, (_, i) => taskOf(i + 1));
    for (const task of tasks) live.add(task);
    expect(live.size).toBe(2_000);
    expect(live.get(1_500)).toBe(tasks[1_499]);
    for (const task of tasks) if (task.seq % 3 !== 0) live.remove(task);
    expect(live.get(1_501)).toBeUndefined();
    expect([...live].map(({ seq }) => seq)).toEqual(tasks.map(({ seq }) => seq).filter((n) => n % 3 === 0));
  });

  it('leave alone a task that was never added, or was removed before', () => {
    const live = new LiveTasks();
    const task = taskOf(7);
    live.remove(task);
    live.add(task);
    live.remove(taskOf(7));
    expect(live.size).toBe(1);
    live.remove(task);
    live.remove(task);
    expect(live.size).toBe(0);
    expect(live.get(7)).toBeUndefined();
  });

  it('have numbers as large as they may come', () => {
    const live = new LiveTasks();
    const first = 2 ** 40 + 511;
    for (const seq of [first, first + 1, first + 2]) live.add(taskOf(seq));
    expect([...live].map(({ seq }) => seq)).toEqual([first, first + 1, first + 2]);
    expect(live.get(first + 1)?.seq).toBe(first + 1);
    expect(live.get(511)).toBeUndefined();
  });

  it('hold pages only for those that live, whatever has gone by', () => {
    const live = new LiveTasks();
    const { pages } = live as unknown as { pages: Map<number, unknown> };
    const stayers = [3, 100_000, 700_000].map(taskOf);
    for (let seq = 1; seq < 1_000_000; seq++) {
      const stays = stayers.find((task) => task.seq === seq);
      const task = stays ?? taskOf(seq);
      live.add(task);
      if (stays === undefined) live.remove(task);
    }
    expect(live.size).toBe(3);
    expect(pages.size).toBe(4);
    expect([...live]).toEqual(stayers);
    for (const task of stayers) live.remove(task);
    expect(pages.size).toBe(1);
  });

  const seed = 20_260_731;
  it(`are those of a plain map after any sequence of changes (seed ${seed})`, () => {
    const random = new SeededRandom(seed);
    const live = new LiveTasks();
    const model = new Map<number, Task>();
    let seq = 0;
    for (let step = 0; step < 20_000; step++) {
      if (random.chance(0.55)) {
        seq += random.chance(0.01) ? 2_000 : 1;
        const task = taskOf(seq);
        live.add(task);
        model.set(seq, task);
      } else if (model.size > 0) {
        const [, task] = random.pick([...model].slice(0, 50));
        live.remove(task);
        model.delete(task.seq);
      }
    }
    expect(live.size).toBe(model.size);
    expect([...live]).toEqual([...model.values()]);
    for (const [number, task] of model) expect(live.get(number)).toBe(task);
  });
});
