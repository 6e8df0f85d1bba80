import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Task } from '../../src/contract/task.ts';
import { TaskQueue } from '../../src/queue/task-queue.ts';
import { looseTask } from '../fixtures/tasks.ts';

const AGE_MS = 1_000;

/** The queue as its documentation describes it, with a sorted array and no cleverness. */
class Model {
  /** Each level's tasks, first in first out. */
  private readonly levels = new Map<number, Task[]>();
  /** In which order they joined; one that changes its level joins anew. */
  private readonly joined = new Map<Task, number>();
  private joins = 0;

  get all(): Task[] {
    return [...this.levels.values()].flat();
  }

  private line(level: number): Task[] {
    const line = this.levels.get(level) ?? [];
    this.levels.set(level, line);
    return line;
  }

  push(task: Task): void {
    this.line(task.level).push(task);
    this.joined.set(task, ++this.joins);
  }

  putBack(task: Task): void {
    this.line(task.level).unshift(task);
  }

  remove(task: Task): void {
    const line = this.line(task.level);
    line.splice(line.indexOf(task), 1);
  }

  /** Among the heads of all levels the one that ranks highest; of equals the one that joined first. */
  peek(): Task | undefined {
    const heads = [...this.levels.values()].flatMap((line) => line.slice(0, 1));
    const key = (task: Task) => task.enqueuedAtMs - task.level * AGE_MS;
    return heads.sort((a, b) => key(a) - key(b) || this.joined.get(a)! - this.joined.get(b)!)[0];
  }
}

/** One step of a scenario; the numbers choose among what is there. */
type Step = readonly ['push' | 'pop' | 'remove' | 'rerank' | 'wait' | 'take and put back', number, number];
const level = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(10, 0, -10) },
  { weight: 3, arbitrary: fc.integer({ min: -3, max: 3 }) },
  { weight: 1, arbitrary: fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constant('push' as const), level, fc.nat()) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('pop' as const), fc.nat(), fc.nat()) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('remove' as const), fc.nat(), fc.nat()) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('rerank' as const), level, fc.nat()) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('wait' as const), fc.nat({ max: 5_000 }), fc.nat()) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('take and put back' as const), fc.nat({ max: 8 }), fc.nat()) },
);

/** Runs the steps on the queue and on the model, which must agree after each. */
function play(steps: readonly Step[]): void {
  const queue = new TaskQueue(AGE_MS);
  const model = new Model();
  let nowMs = 0;
  let seq = 0;
  for (const [name, first, second] of steps) {
    const { all } = model;
    const any = all[second % Math.max(1, all.length)];
    if (name === 'wait') nowMs += first;
    else if (name === 'push') {
      const task = looseTask({ seq: ++seq, level: first, atMs: nowMs });
      queue.push(task);
      model.push(task);
    } else if (name === 'pop') {
      const expected = model.peek();
      expect(queue.pop()).toBe(expected);
      if (expected !== undefined) model.remove(expected);
    } else if (name === 'take and put back') {
      const taken: Task[] = [];
      for (
        let task = queue.pop();
        task !== undefined;
        task = taken.length < first ? queue.pop() : undefined
      ) {
        taken.push(task);
        model.remove(task);
      }
      // As a lane gives back: the last one taken comes first.
      for (const task of taken.reverse()) {
        queue.putBack(task);
        model.putBack(task);
      }
    } else if (any !== undefined) {
      queue.remove(any);
      model.remove(any);
      if (name === 'rerank') {
        any.level = first;
        queue.push(any);
        model.push(any);
      }
    }
    expect(queue.size).toBe(model.all.length);
    expect(queue.peek()).toBe(model.peek());
  }
  for (let task = model.peek(); task !== undefined; task = model.peek()) {
    expect(queue.pop()).toBe(task);
    model.remove(task);
  }
  expect(queue.pop()).toBeUndefined();
}

describe('the queue', () => {
  it('agrees with a sorted array, whatever is done to it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => play(steps)),
      { numRuns: 200 },
    );
  });

  it('takes of equals the one that joined first, which a task that changes its level does anew', () => {
    play([
      ['push', 10, 0],
      ['wait', 10_000, 0],
      ['push', 10, 0],
      ['rerank', 0, 0],
    ]);
  });

  it('agrees with a sorted array where nothing is put back', () => {
    const steps = fc.array(
      step.filter(([name]) => name !== 'take and put back'),
      { maxLength: 150, size: 'max' },
    );
    fc.assert(fc.property(steps, play), { numRuns: 200 });
  });

  it('is first in, first out within a priority', () => {
    const queue = new TaskQueue(AGE_MS);
    for (let seq = 1; seq <= 100; seq++) queue.push(looseTask({ seq, atMs: 5 }));
    const order = Array.from({ length: 100 }, () => queue.pop()?.seq);
    expect(order).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  });

  it('lets a low task overtake high ones once it has waited long enough, so that nothing starves', () => {
    const queue = new TaskQueue(AGE_MS);
    const low = looseTask({ seq: 1, level: -10, atMs: 0 });
    queue.push(low);
    // A high task a second, each of which is taken at once unless the low one goes first.
    let servedAtMs = 0;
    for (let seq = 2, nowMs = 0; servedAtMs === 0; seq++, nowMs += 1_000) {
      queue.push(looseTask({ seq, level: 10, atMs: nowMs }));
      if (queue.pop() === low) servedAtMs = nowMs;
    }
    // 20 levels apart, at 1,000 ms a level.
    expect(servedAtMs).toBe(20_000);
  });

  it('keeps a task that is put back before those that came after it, also by being re-ranked', () => {
    const queue = new TaskQueue(AGE_MS);
    const old = looseTask({ seq: 1, level: 0, atMs: 0 });
    const first = looseTask({ seq: 2, level: 10, atMs: 0 });
    queue.push(old);
    queue.push(first);
    queue.remove(old);
    old.level = 10;
    queue.push(old);
    const taken = queue.pop()!;
    expect(taken).toBe(first);
    queue.putBack(taken);
    expect([queue.pop(), queue.pop()]).toEqual([first, old]);
  });

  it('keeps no more than 64 empty levels, however many priorities there were', () => {
    const queue = new TaskQueue(AGE_MS);
    for (let seq = 1; seq <= 10_000; seq++) {
      queue.push(looseTask({ seq, level: seq }));
      queue.pop();
    }
    const { levels, heap } = queue as unknown as { levels: Map<number, unknown>; heap: { size: number } };
    expect(levels.size).toBeLessThanOrEqual(65);
    expect(heap.size).toBe(0);
  });
});

describe('100,000 mixed operations', () => {
  it('leave a heap of as many levels as have tasks, and the sizes right', () => {
    const queue = new TaskQueue(AGE_MS);
    const waiting: Task[] = [];
    let state = 12_345;
    const random = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (let seq = 1; seq <= 100_000; seq++) {
      const choice = random(10);
      if (choice < 5 || waiting.length === 0) {
        const task = looseTask({ seq, level: random(41) - 20, atMs: seq });
        queue.push(task);
        waiting.push(task);
        continue;
      }
      const at = random(waiting.length);
      const task = waiting[at]!;
      queue.remove(task);
      if (choice < 8) {
        waiting[at] = waiting.at(-1)!;
        waiting.pop();
      } else {
        task.level = random(41) - 20;
        queue.push(task);
      }
    }
    expect(queue.size).toBe(waiting.length);
    const { heap } = queue as unknown as { heap: { size: number } };
    expect(heap.size).toBe(new Set(waiting.map((task) => task.level)).size);
    const popped = new Set(Array.from({ length: waiting.length }, () => queue.pop()));
    expect(popped).toEqual(new Set(waiting));
    expect([queue.size, heap.size]).toEqual([0, 0]);
  });
});
