import { performance } from 'node:perf_hooks';
import type { Case, CaseOptions, Size } from '../case.ts';
import { lockMutex } from '../handlers/locking.js';
import { alternate, type Contender } from '../harness.ts';
import { digestOf } from '../results.ts';
import { compare, figure } from '../row.ts';
import { loadSpillway } from '../subject.ts';

const MODULE = new URL('../handlers/locking.js', import.meta.url);
const ROUNDS: Record<Size, number> = { full: 20_000, quick: 5_000, tiny: 20 };

/** Who acquires and releases, how many of them at once, and what one time may take, in microseconds. */
const ASKED = [
  { name: 'loop', agent: 'onLoop', tasks: 1, us: 5 },
  { name: 'thread', agent: 'mutex', tasks: 1, us: 5 },
  { name: 'thread-by-arbiter', agent: 'semaphore', tasks: 1, us: 300 },
  { name: 'loop-handover', agent: 'onLoop', tasks: 2, us: 10 },
  { name: 'threads-handover', agent: 'mutex', tasks: 2, us: 300 },
] as const;

/** What does it cost to lock? */
export const sync: Case = {
  name: 'sync',
  question:
    'How long does it take to acquire a lock and to release it, alone and with a second one who wants it?',
  async run(options: CaseOptions) {
    const rows = [];
    for (const asked of ASKED) {
      const results = await alternate([contend(asked, options)], options);
      const target = figure('<=', asked.us);
      rows.push(compare({ case: `sync-${asked.name}`, unit: 'us', better: 'less', target, results }));
    }
    return rows;
  },
};

function contend({ agent, tasks }: (typeof ASKED)[number], { size, subject }: CaseOptions): Contender {
  return {
    name: 'spillway',
    async open() {
      const { createEngine, cpuAgent, ioAgent } = await loadSpillway(subject);
      const engine = await createEngine({
        threads: { count: 2 },
        admission: { policy: 'none' },
        agents: [
          ioAgent('onLoop', { run: lockMutex }),
          cpuAgent('mutex', { module: MODULE, export: 'lockMutex' }),
          cpuAgent('semaphore', { module: MODULE, export: 'lockSemaphore' }),
        ],
      });
      const rounds = ROUNDS[size];
      const input = { name: 'bench', rounds };
      const all = () => Promise.all(Array.from({ length: tasks }, () => engine.run(agent, input)));
      return {
        warmUp: async () => void (await all()),
        async measure() {
          const startedAtMs = performance.now();
          await all();
          const tookMs = performance.now() - startedAtMs;
          return { value: (tookMs * 1_000) / (rounds * tasks), hash: digestOf([agent, rounds]) };
        },
        close: () => engine.close(),
      };
    },
  };
}
