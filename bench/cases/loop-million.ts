import type { Case, CaseOptions, Size } from '../case.ts';
import { alternate, type Contender, type Result } from '../harness.ts';
import { digestOf } from '../results.ts';
import { atMost, compare, every, figure, type Row, SPILLWAY, type Target } from '../row.ts';
import { medianOf, scripted, withValue } from '../scripted.ts';
import type { Subject } from '../subject.ts';

const NAME = 'loop-1m';
const SCRIPT = new URL('../children/queued-million.js', import.meta.url);
const LIMIT = 100;

const SIZES: Record<Size, { tasks: number; slice: number; rounds: number }> = {
  full: { tasks: 1_000_000, slice: 1_000, rounds: 3 },
  quick: { tasks: 100_000, slice: 1_000, rounds: 1 },
  tiny: { tasks: 2_000, slice: 100, rounds: 1 },
};

/** What the script prints. */
interface Cost {
  /** Heap that a queued task takes, with its promise. */
  readonly heapBytes: number;
  /** Time of a submit with 1,000 to 3,000 tasks queued, and with the last 2,000 of all. */
  readonly fewNs: number;
  readonly manyNs: number;
  /** Longest time without a turn of the event loop, garbage collection taken off. */
  readonly submitPauseMs: number;
  readonly drainPauseMs: number;
  /** Longest pause of the garbage collector. */
  readonly gcPauseMs: number;
  readonly drainMs: number;
  readonly settled: number;
  readonly sum: number;
}

/**
 * What do a million queued tasks cost? Each contender has a process of its own. Tasks are submitted in slices of 1,000
 * with a turn of the event loop in between, wait behind a gate until all are queued, and then run, 100 at a time.
 */
export const loopMillion: Case = {
  name: NAME,
  question: 'What do 1,000,000 queued tasks cost: heap, time of a submit, pauses of the event loop?',
  async run(options: CaseOptions) {
    const size = SIZES[options.size];
    const rounds = Math.min(size.rounds, options.rounds);
    const results = await alternate(
      ['spillway', 'p-queue'].map((name) => contend(name, options.subject, size)),
      { ...options, rounds },
    );
    return rowsOf(results);
  },
};

function contend(name: string, subject: Subject, { tasks, slice }: (typeof SIZES)[Size]): Contender {
  const task = { contender: name, tasks, slice, limit: LIMIT };
  return scripted(name, SCRIPT, subject, task, ({ settled, sum, ...readings }: Cost) => ({
    value: readings.heapBytes,
    hash: digestOf([settled, sum]),
    readings,
  }));
}

function rowsOf(results: readonly Result[]): readonly Row[] {
  const row = (name: string, unit: string, target: Target, value: (cost: Cost) => number, notes = {}) =>
    compare({
      case: `${NAME}-${name}`,
      unit,
      better: 'less',
      target,
      results: results.map((result) => withValue(result, value)),
      notes,
    });
  const own = results.find((result) => result.name === SPILLWAY);
  const cost = (key: keyof Cost) => medianOf(own, (c: Cost) => c[key]);
  return [
    row('heap', 'bytes a task', every(figure('<=', 400), atMost(1)), (c) => c.heapBytes),
    row('submit-cost', 'x of that at 1,000', figure('<=', 2), (c) => c.manyNs / c.fewNs, {
      'ns at 1,000': cost('fewNs'),
      'ns at all': cost('manyNs'),
    }),
    row('pause', 'ms, longest', figure('<=', 50), (c) => Math.max(c.submitPauseMs, c.drainPauseMs), {
      'submitting, ms': cost('submitPauseMs'),
      'draining, ms': cost('drainPauseMs'),
      'garbage collector, ms': cost('gcPauseMs'),
      'drained in, ms': cost('drainMs'),
    }),
  ];
}
