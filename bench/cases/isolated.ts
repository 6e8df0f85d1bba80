import { performance } from 'node:perf_hooks';
import type { Case, CaseOptions, Size } from '../case.ts';
import { closedLoop } from '../closed-loop.ts';
import { alternate, type Contender } from '../harness.ts';
import { THREADS, WORK_FILE } from '../peers/thread-pool.ts';
import { digestOf } from '../results.ts';
import { compare, figure, SPILLWAY } from '../row.ts';
import { loadSpillway, type Subject } from '../subject.ts';

const NAME = 'isolated';
const TASKS: Record<Size, number> = { full: 5_000, quick: 1_000, tiny: 20 };
const INPUT = { id: 7, text: 'a text of a few words', tags: ['one', 'two'], ok: true };
/** How many tasks are under way: one shows the round trip, many the rate. */
const LOADS = [
  { name: 'round-trip', unit: 'us', better: 'less', outstanding: 1, target: figure('<=', 500) },
  { name: 'rate', unit: 'tasks/s', better: 'more', outstanding: 64, target: figure('>=', 1_000) },
] as const;

type Load = (typeof LOADS)[number];

/** What does it cost to run a handler in a child process? */
export const isolated: Case = {
  name: NAME,
  question: 'What does a small task cost in a child process, beside one on a thread?',
  async run(options: CaseOptions) {
    const rows = [];
    for (const load of LOADS) {
      const results = await alternate(
        [contend(SPILLWAY, load, 'process', options), contend('on a thread', load, undefined, options)],
        options,
      );
      const { unit, better, target } = load;
      rows.push(compare({ case: `${NAME}-${load.name}`, unit, better, target, results }));
    }
    return rows;
  },
};

function contend(
  name: string,
  { outstanding, unit }: Load,
  isolate: 'process' | undefined,
  { subject, size }: CaseOptions,
): Contender {
  const tasks = TASKS[size];
  return {
    name,
    async open() {
      const engine = await engineOf(subject, isolate);
      const pass = () => closedLoop(tasks, outstanding, () => engine.run('echo', INPUT));
      return {
        warmUp: async () => void (await pass()),
        async measure() {
          const startedAtMs = performance.now();
          const results = await pass();
          const tookMs = performance.now() - startedAtMs;
          const value = unit === 'us' ? (tookMs / tasks) * 1_000 : (tasks / tookMs) * 1_000;
          return { value, hash: digestOf(results) };
        },
        close: () => engine.close(),
      };
    },
  };
}

async function engineOf(subject: Subject, isolate: 'process' | undefined) {
  const { createEngine, cpuAgent } = await loadSpillway(subject);
  return createEngine({
    threads: { count: THREADS },
    admission: { policy: subject.policy },
    agents: [cpuAgent('echo', { module: WORK_FILE, export: 'echo', ...(isolate && { isolate }) })],
  });
}
