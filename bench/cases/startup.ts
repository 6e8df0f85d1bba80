import type { Case, CaseOptions } from '../case.ts';
import { askScript } from '../child.ts';
import { alternate, type Contender } from '../harness.ts';
import { WORK_FILE } from '../peers/thread-pool.ts';
import { digestOf } from '../results.ts';
import { atMost, compare } from '../row.ts';
import type { Subject } from '../subject.ts';

const NAME = 'startup';
const SCRIPT = new URL('../children/startup.js', import.meta.url);
/** Starting a process scatters more than running in one does. */
const LEAST_ROUNDS = { full: 11, quick: 5, tiny: 1 } as const;

/** How long does a fresh process take from before it imports the library to the first result of a thread? */
export const startup: Case = {
  name: NAME,
  question: 'From before the import to the first result of one of 2 threads, in a fresh process?',
  async run(options: CaseOptions) {
    const rounds = Math.max(LEAST_ROUNDS[options.size], options.rounds);
    const results = await alternate(
      ['spillway', 'piscina'].map((name) => contend(name, options.subject)),
      { ...options, rounds },
    );
    return [compare({ case: NAME, unit: 'ms', better: 'less', target: atMost(1.3), results })];
  },
};

function contend(name: string, { entry, execArgv }: Subject): Contender {
  async function once() {
    const answer = await askScript(SCRIPT, { execArgv, args: [name, entry, WORK_FILE.href] });
    return answer as { tookMs: number; result: unknown };
  }
  return {
    name,
    async open() {
      return {
        // Brings the files into the system's cache.
        warmUp: async () => void (await once()),
        async measure() {
          const { tookMs, result } = await once();
          return { value: tookMs, hash: digestOf([result]) };
        },
        close: async () => {},
      };
    },
  };
}
