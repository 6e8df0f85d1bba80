import { describe, expect, it } from 'vitest';
import { FrameReader } from '../../src/contract/frame-reader.ts';
import type { AgentRef } from '../../src/contract/task.ts';
import { BatchDraft } from '../../src/lanes/batch-draft.ts';
import { looseTask } from '../fixtures/tasks.ts';

const NO_MAILBOX = new Int32Array(0);

const agentOf = (fields: Partial<AgentRef> = {}): AgentRef => ({
  id: 1,
  name: 'a',
  lane: 'threads',
  timeoutMs: undefined,
  expectedMs: 0.01,
  idempotent: true,
  mayBatch: true,
  ...fields,
});
const draftOf = (fields: { quantumMs?: number; maxTasks?: number } = {}) =>
  new BatchDraft({ quantumMs: 1, maxTasks: 128, ...fields });

/** How many of these tasks go into one batch. */
function fitting(draft: BatchDraft, agent: AgentRef, inputs: Iterable<unknown>): number {
  let count = 0;
  for (const input of inputs) {
    if (!draft.offer(looseTask({ input }), agent)) break;
    count++;
  }
  return count;
}
function* many(value: unknown = 1): Generator<unknown> {
  for (;;) yield value;
}

describe('a batch', () => {
  it.each([
    [0.098, 10],
    [0.498, 2],
    [0.6, 1],
    [5, 1],
    [10_000, 1],
  ])('of tasks of %f ms each holds what fits into a quantum of 1 ms: %i', (expectedMs, count) => {
    expect(fitting(draftOf(), agentOf({ expectedMs }), many())).toBe(count);
  });

  it('holds at most maxTasks, however short they are', () => {
    expect(fitting(draftOf(), agentOf({ expectedMs: 1e-6 }), many())).toBe(128);
    expect(fitting(draftOf({ maxTasks: 1 }), agentOf({ expectedMs: 1e-6 }), many())).toBe(1);
  });

  it('holds one task of an agent of which nothing is known', () => {
    expect(fitting(draftOf(), agentOf({ expectedMs: 0 }), many())).toBe(1);
  });

  it('sums up the tasks of different agents', () => {
    const draft = draftOf();
    const short = agentOf({ expectedMs: 0.01 });
    const long = agentOf({ id: 2, expectedMs: 0.9 });
    expect(draft.offer(looseTask(), short)).toBe(true);
    expect(draft.offer(looseTask(), long)).toBe(true);
    expect(draft.offer(looseTask(), long)).toBe(false);
    expect(draft.take(NO_MAILBOX).agents).toEqual([short, long]);
  });

  it('holds nothing beside a task that must not run twice', () => {
    const once = agentOf({ mayBatch: false });
    const first = draftOf();
    expect(first.offer(looseTask(), once)).toBe(true);
    expect(first.offer(looseTask(), once)).toBe(false);
    expect(first.offer(looseTask(), agentOf())).toBe(false);
    const second = draftOf();
    expect(second.offer(looseTask(), agentOf())).toBe(true);
    expect(second.offer(looseTask(), once)).toBe(false);
    expect(second.offer(looseTask(), agentOf())).toBe(true);
  });

  it('holds nothing beside a payload that is not flat', () => {
    const draft = draftOf();
    expect(fitting(draft, agentOf(), [new Map(), 1])).toBe(1);
    expect(draft.take(NO_MAILBOX).frame).toBeUndefined();
    expect(fitting(draft, agentOf(), [1, 2, new Map(), 3])).toBe(2);
    expect(draft.take(NO_MAILBOX).tasks).toHaveLength(2);
  });

  it('holds nothing beside a payload with something to transfer, even if it is flat', () => {
    const draft = draftOf();
    const task = looseTask({ input: 1 });
    task.more.transfer = [new ArrayBuffer(1)];
    expect(draft.offer(task, agentOf())).toBe(true);
    expect(draft.offer(looseTask({ input: 1 }), agentOf())).toBe(false);
    expect(draft.take(NO_MAILBOX).frame).toBeUndefined();
  });

  it('leaves a payload whose getter throws to the one who posts it', () => {
    const draft = draftOf();
    const broken = {
      get bad() {
        throw new Error('no');
      },
    };
    expect(fitting(draft, agentOf(), [broken])).toBe(1);
    expect(draft.take(NO_MAILBOX).frame).toBeUndefined();
  });

  it('stops at a quarter of a million characters', () => {
    const text = 'x'.repeat(100_000);
    expect(fitting(draftOf(), agentOf(), many(text))).toBe(3);
  });

  it('gives its payloads in their order and is empty afterwards', () => {
    const draft = draftOf();
    expect(fitting(draft, agentOf(), [{ n: 1 }, 'two', 3])).toBe(3);
    const { frame, tasks } = draft.take(NO_MAILBOX);
    const reader = new FrameReader(frame!, NO_MAILBOX);
    expect(tasks.map(() => reader.next())).toEqual([{ n: 1 }, 'two', 3]);
    expect([draft.tasks, draft.expectedMs]).toEqual([[], 0]);
    expect(fitting(draft, agentOf(), [new Map()])).toBe(1);
    expect(draft.take(NO_MAILBOX).tasks).toHaveLength(1);
    expect(fitting(draft, agentOf(), [1, 2])).toBe(2);
    expect(draft.take(NO_MAILBOX).frame?.codes).toHaveLength(4);
  });
});
