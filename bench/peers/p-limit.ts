import pLimiter from 'p-limit';
import { type LoopPeer, nothingToClose } from './loop-queue.ts';

export const pLimit: LoopPeer = {
  name: 'p-limit',
  async open(work, limit) {
    const limited = pLimiter(limit);
    return { run: (input) => limited(work, input), close: nothingToClose };
  },
};
