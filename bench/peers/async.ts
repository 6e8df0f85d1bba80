import { priorityQueue, queue } from 'async';
import { type LoopPeer, nothingToClose } from './loop-queue.ts';

/** async.queue; `pushAsync` is its form of push whose promise rejects, as all others' do. */
export const asyncQueue: LoopPeer = {
  name: 'async-queue',
  async open(work, limit) {
    const tasks = queue<number, number>(work as never, limit);
    return { run: (input) => tasks.pushAsync<number>(input) as Promise<number>, close: nothingToClose };
  },
};

/** async.priorityQueue, tasks taking turns in priority as Spillway's do. */
export const asyncPriorityQueue: LoopPeer = {
  name: 'async-priority-queue',
  async open(work, limit) {
    // The declared types know `pushAsync` of the plain queue only, without a priority.
    const tasks = priorityQueue<number>(work as never, limit) as unknown as {
      pushAsync(input: number, priority: number): Promise<number>;
    };
    return { run: (input) => tasks.pushAsync(input, input % 3), close: nothingToClose };
  },
};
