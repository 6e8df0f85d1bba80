import { type ApartCase, alternateApart } from '../apart.ts';
import type { CaseOptions, Size } from '../case.ts';
import { type Contender, tasksPerSecond } from '../harness.ts';
import { asyncPriorityQueue, asyncQueue } from '../peers/async.ts';
import { bottleneck } from '../peers/bottleneck.ts';
import { fastqCallback, fastqPromise } from '../peers/fastq.ts';
import type { LoopPeer } from '../peers/loop-queue.ts';
import { pLimit } from '../peers/p-limit.ts';
import { pQueue } from '../peers/p-queue.ts';
import { spillwayLoop } from '../peers/spillway.ts';
import { digestOf } from '../results.ts';
import { atLeast, compare } from '../row.ts';

const LIMIT = 100;
const PEERS = [pQueue, pLimit, fastqPromise, fastqCallback, asyncQueue, asyncPriorityQueue, bottleneck];

/** What the passes are shortened to, and how long a sample and the warm-up are at least. */
const SIZES: Record<Size, { mostTasks: number; minMs: number; warmUpMs: number }> = {
  full: { mostTasks: Number.POSITIVE_INFINITY, minMs: 400, warmUpMs: 2_000 },
  quick: { mostTasks: 30_000, minMs: 100, warmUpMs: 100 },
  tiny: { mostTasks: 500, minMs: 0, warmUpMs: 0 },
};

/**
 * How many async tasks that end at once does a queue get through, from the first submit to the last result, if all are
 * submitted in one go? Spillway with priorities and histograms; the peers without where that is faster for them.
 */
function loopNoOp(name: string, wanted: number): ApartCase {
  return {
    name,
    question: `How many of ${wanted} queued no-op async tasks a second, at most ${LIMIT} in flight?`,
    contenders({ subject, size }) {
      const tasks = Math.min(wanted, SIZES[size].mostTasks);
      const peers = [spillwayLoop(subject), ...PEERS];
      // Results are compared as far as the slowest goes.
      const compared = Math.min(tasks, ...peers.map((peer) => peer.mostTasks ?? tasks));
      return peers.map((peer) => contend(peer, Math.min(tasks, peer.mostTasks ?? tasks), compared, size));
    },
    async run(options: CaseOptions) {
      const results = await alternateApart(this, options);
      return [compare({ case: name, unit: 'tasks/s', better: 'more', target: atLeast(1), results })];
    },
  };
}

function contend(peer: LoopPeer, tasks: number, compared: number, size: Size): Contender {
  return {
    name: peer.name,
    async open() {
      const queue = await peer.open(async (input) => input, LIMIT);
      async function pass(): Promise<unknown[]> {
        const promises = new Array<Promise<unknown>>(tasks);
        for (let index = 0; index < tasks; index++) promises[index] = queue.run(index);
        return Promise.all(promises);
      }
      return {
        warmUp: async () =>
          void (await tasksPerSecond(SIZES[size].warmUpMs, async () => (await pass()).length)),
        async measure() {
          let results: unknown[] = [];
          const value = await tasksPerSecond(SIZES[size].minMs, async () => {
            results = await pass();
            return results.length;
          });
          if (results.some((result, index) => result !== index))
            throw new Error(`${peer.name} mixed up results`);
          return { value, hash: digestOf(results.slice(0, compared)) };
        },
        close: () => queue.close(),
      };
    },
  };
}

export const loop10k = loopNoOp('loop-10k', 10_000);
export const loop300k = loopNoOp('loop-300k', 300_000);
