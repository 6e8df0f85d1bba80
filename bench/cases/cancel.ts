import type { Case, CaseOptions, Size } from '../case.ts';
import { alternate, type Contender, type Result } from '../harness.ts';
import { digestOf } from '../results.ts';
import { compare, figure, type Row, SPILLWAY, type Target } from '../row.ts';
import { medianOf, scripted, withValue } from '../scripted.ts';
import type { Subject } from '../subject.ts';

const NAME = 'cancel';
const SCRIPT = new URL('../children/cancel.js', import.meta.url);
const MEGABYTE = 1024 * 1024;

const SIZES: Record<Size, { bulk: number; queued: number; picks: number; signaled: number; rounds: number }> =
  {
    full: { bulk: 100_000, queued: 1_000_000, picks: 10_000, signaled: 1_000_000, rounds: 3 },
    quick: { bulk: 100_000, queued: 200_000, picks: 2_000, signaled: 200_000, rounds: 1 },
    tiny: { bulk: 200, queued: 500, picks: 20, signaled: 2_000, rounds: 1 },
  };

/** What the script prints. */
interface Cost {
  /** One call that cancels all waiting tasks of a tag, and the same by a predicate. */
  readonly manyMs: number;
  readonly predicateMs: number;
  /** One call that cancels one task by its id. */
  readonly oneUs: number;
  readonly oneP99Us: number;
  /** One call that cancels all that is left, and how many that were. */
  readonly allMs: number;
  readonly rest: number;
  /** What is left on the heap of tasks that had a signal. */
  readonly heapBytes: number;
  /** Most listeners that one signal had, and how many all of them have in the end. */
  readonly listeners: number;
  readonly left: number;
}

/** What does it cost to cancel, and to be ready for it? In a process of its own. */
export const cancel: Case = {
  name: NAME,
  question: 'What does it take to cancel 100,000 tasks, one among 1,000,000, and to watch signals?',
  async run(options: CaseOptions) {
    const size = SIZES[options.size];
    const rounds = Math.min(size.rounds, options.rounds);
    return rowsOf(await alternate([contend(options.subject, size)], { ...options, rounds }));
  },
};

function contend(subject: Subject, size: (typeof SIZES)[Size]): Contender {
  return scripted(SPILLWAY, SCRIPT, subject, size, (cost: Cost) => ({
    value: cost.manyMs,
    hash: digestOf([cost.rest]),
    readings: { ...cost },
  }));
}

function rowsOf(results: readonly Result[]): readonly Row[] {
  const row = (
    name: string,
    unit: string,
    target: Target,
    value: (cost: Cost) => number,
    notes: Readonly<Record<string, keyof Cost>>,
  ) =>
    compare({
      case: `${NAME}-${name}`,
      unit,
      better: 'less',
      target,
      results: results.map((result) => withValue(result, value)),
      notes: Object.fromEntries(
        Object.entries(notes).map(([label, key]) => [label, medianOf(results[0], (cost: Cost) => cost[key])]),
      ),
    });
  return [
    row('many', 'ms, 100,000 waiting', figure('<=', 100), (cost) => cost.manyMs, {
      'by a predicate, ms': 'predicateMs',
    }),
    row('one', 'us, among 1,000,000', figure('<=', 20), (cost) => cost.oneUs, {
      'p99, us': 'oneP99Us',
      'all that are left, ms': 'allMs',
    }),
    row('signals', 'MB left of 1,000,000', figure('<=', 1), (cost) => cost.heapBytes / MEGABYTE, {
      'most listeners on a signal': 'listeners',
      'listeners left': 'left',
    }),
  ];
}
