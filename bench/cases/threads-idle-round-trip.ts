import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { type ApartCase, alternateApart } from '../apart.ts';
import type { CaseOptions, Size } from '../case.ts';
import { type Contender, quantile, type Sample } from '../harness.ts';
import { piscinaDefault } from '../peers/piscina.ts';
import { spillwayThreads } from '../peers/spillway.ts';
import type { ThreadPeer, ThreadPool } from '../peers/thread-pool.ts';
import { digestOf } from '../results.ts';
import { atMost, compare } from '../row.ts';

const NAME = 'threads-idle-round-trip';
const TASKS: Record<Size, number> = { full: 5_000, quick: 1_000, tiny: 20 };

/** How long is the way to an idle thread and back? One task at a time, the event loop idle in between. */
export const threadsIdleRoundTrip: ApartCase = {
  name: NAME,
  question: 'p50 of one no-op task at a time, with the event loop turning in between?',
  contenders: ({ subject, size }) =>
    [spillwayThreads(subject), piscinaDefault()].map((peer) => contend(peer, TASKS[size])),
  async run(options: CaseOptions) {
    const results = await alternateApart(this, options);
    return [compare({ case: NAME, unit: 'us, p50', better: 'less', target: atMost(1.15), results })];
  },
};

function contend(peer: ThreadPeer, tasks: number): Contender {
  return {
    name: peer.name,
    async open() {
      const pool = await peer.open('echo');
      return {
        warmUp: async () => void (await oneByOne(pool, tasks)),
        measure: () => oneByOne(pool, tasks),
        close: () => pool.close(),
      };
    },
  };
}

async function oneByOne(pool: ThreadPool, tasks: number): Promise<Sample> {
  const results = new Array<unknown>(tasks);
  const tookMs = new Float64Array(tasks);
  for (let index = 0; index < tasks; index++) {
    await setImmediate();
    const sentAtMs = performance.now();
    results[index] = await pool.run(index, 'work');
    tookMs[index] = performance.now() - sentAtMs;
  }
  return { value: quantile(tookMs, 0.5) * 1000, hash: digestOf(results) };
}
