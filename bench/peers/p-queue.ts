import PQueue from 'p-queue';
import { type LoopPeer, nothingToClose } from './loop-queue.ts';

/** p-queue without priorities, which would make it insert into a sorted array. */
export const pQueue: LoopPeer = {
  name: 'p-queue',
  async open(work, limit) {
    const queue = new PQueue({ concurrency: limit });
    return { run: (input) => queue.add(() => work(input)), close: nothingToClose };
  },
};
