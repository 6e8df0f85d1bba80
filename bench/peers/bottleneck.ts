import Bottleneck from 'bottleneck';
import type { LoopPeer } from './loop-queue.ts';

/**
 * Bottleneck lets one job in after the other and waits for two timers each, so it starts a few hundred a second by
 * design. Its rate does not depend on how many there are, so it gets fewer.
 */
export const bottleneck: LoopPeer = {
  name: 'bottleneck',
  mostTasks: 200,
  async open(work, limit) {
    const limiter = new Bottleneck({ maxConcurrent: limit, minTime: 0, highWater: null });
    return {
      run: limiter.wrap(work) as (input: number) => Promise<number>,
      close: () => limiter.disconnect(false),
    };
  },
};
