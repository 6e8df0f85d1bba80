import { type ApartCase, alternateApart } from '../apart.ts';
import type { CaseOptions, Size } from '../case.ts';
import { closedLoop, throughput } from '../closed-loop.ts';
import type { Contender } from '../harness.ts';
import { THREADS, WORK_FILE } from '../peers/thread-pool.ts';
import { atLeast, compare } from '../row.ts';
import { type Entry, loadSpillway } from '../subject.ts';

const SIZES: Record<Size, { tasks: number; minMs: number; warmUpMs: number }> = {
  full: { tasks: 10_000, minMs: 400, warmUpMs: 2_000 },
  quick: { tasks: 4_000, minMs: 100, warmUpMs: 200 },
  tiny: { tasks: 300, minMs: 0, warmUpMs: 0 },
};
const OUTSTANDING = 2_000;

/** A resource that has room for everything, and a budget that nobody uses up. */
const METERED = {
  resources: { key: { concurrency: 1_000_000, requestsPerMinute: 1e12, tokensPerMinute: 1e12 } },
  budgets: [{ usd: 1e9 }],
};

/** What does it cost that tasks are counted? */
function metered(lane: 'loop' | 'threads'): ApartCase {
  const name = `metered-${lane}`;
  return {
    name,
    question: `How many no-op tasks a second on the ${lane} lane, with a rate, a concurrency and a budget counted for each?`,
    contenders: ({ subject, size }) => [
      contend(subject, lane, size, true),
      contend(subject, lane, size, false),
    ],
    async run(options: CaseOptions) {
      const results = await alternateApart(this, options);
      return [compare({ case: name, unit: 'tasks/s', better: 'more', target: atLeast(0.8), results })];
    },
  };
}

function contend(subject: Entry, lane: 'loop' | 'threads', size: Size, isMetered: boolean): Contender {
  const { tasks } = SIZES[size];
  return {
    name: isMetered ? 'spillway' : 'not counted',
    async open() {
      const { createEngine, ioAgent, cpuAgent } = await loadSpillway(subject);
      const options = isMetered ? { resources: ['key'] } : {};
      const agent =
        lane === 'loop'
          ? ioAgent('work', { ...options, run: (input: unknown) => input, limit: 1_000 })
          : cpuAgent('work', { ...options, module: WORK_FILE, export: 'echo' });
      const engine = await createEngine({
        threads: { count: THREADS },
        admission: { policy: subject.policy },
        ...(isMetered && METERED),
        agents: [agent],
      });
      const pass = () => closedLoop(tasks, OUTSTANDING, (index) => engine.run('work', index as never));
      return { ...throughput(pass, SIZES[size]), close: () => engine.close() };
    },
  };
}

export const meteredLoop = metered('loop');
export const meteredThreads = metered('threads');
