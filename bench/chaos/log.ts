import { ENDINGS, type Ending } from './kinds.ts';

/** What is written down of a run, in the order in which it was seen. */
export type LogEntry =
  | { readonly op: 'submitted'; readonly task: number }
  | { readonly op: 'cancelled'; readonly task: number }
  /** What follows the burst that begins with a task. */
  | { readonly op: 'bulk' | 'drill' | 'drill over'; readonly burst: number }
  /** The engine says how many it has cancelled. */
  | { readonly op: 'granted'; readonly count: number }
  /** The event loop has turned: whatever had ended before has been written down. */
  | { readonly op: 'turned' }
  | { readonly op: 'released'; readonly waitMs: number; readonly serviceMs: number }
  | {
      readonly op: 'ended';
      readonly task: number;
      readonly ending: Ending;
      readonly attempts: number;
      /** Of these, those that failed. */
      readonly failed: number;
      /** Of the value; 0 unless it completed. */
      readonly digest: number;
      readonly waitMs: number;
      readonly serviceMs: number;
    };

const OP = {
  submitted: 1,
  cancelled: 2,
  released: 3,
  ended: 4,
  bulk: 5,
  drill: 6,
  'drill over': 7,
  granted: 8,
  turned: 9,
} as const;
type Op = keyof typeof OP;
const NAMES = new Map(Object.entries(OP).map(([name, op]) => [op as number, name as Op]));
/** How many numbers an entry has, its op included. */
const LENGTH: Readonly<Record<Op, number>> = {
  submitted: 2,
  cancelled: 2,
  released: 3,
  ended: 8,
  bulk: 2,
  drill: 2,
  'drill over': 2,
  granted: 2,
  turned: 1,
};
/** Numbers for a task that is submitted, cancelled, released and ended once; some more, so that mischief fits in. */
const NUMBERS_PER_TASK = 17;

/**
 * The log of a run. All of its memory is taken and touched beforehand, so that it grows no more while memory is
 * measured; an entry is a few numbers in a row.
 */
export class ChaosLog {
  private readonly numbers: Float64Array;
  private end = 0;

  constructor(tasks: number) {
    this.numbers = new Float64Array(NUMBERS_PER_TASK * tasks + 1_000).fill(-1);
  }

  submitted(task: number): void {
    this.write(OP.submitted, task);
  }

  /** Its caller asked for it to be cancelled. */
  cancelled(task: number): void {
    this.write(OP.cancelled, task);
  }

  /** All that a filter means was asked to be cancelled. */
  bulkCancelled(burst: number): void {
    this.write(OP.bulk, burst);
  }

  granted(count: number): void {
    this.write(OP.granted, count);
  }

  drillBegan(burst: number): void {
    this.write(OP.drill, burst);
  }

  drillEnded(burst: number): void {
    this.write(OP['drill over'], burst);
  }

  turned(): void {
    this.write(OP.turned);
  }

  /** The engine gave a permit back. */
  released(waitMs: number, serviceMs: number): void {
    this.write(OP.released, waitMs, serviceMs);
  }

  /** An outcome came. */
  ended(
    task: number,
    ending: Ending,
    digest: number,
    waitMs: number,
    serviceMs: number,
    attempts: number,
    failed: number,
  ): void {
    this.write(OP.ended, task, ENDINGS.indexOf(ending), digest, waitMs, serviceMs, attempts, failed);
  }

  *entries(): Iterable<LogEntry> {
    for (let at = 0; at < this.end; ) {
      const op = NAMES.get(this.numbers[at]!)!;
      yield this.entryAt(at, op);
      at += LENGTH[op];
    }
  }

  private entryAt(at: number, op: Op): LogEntry {
    const number = (place: number) => this.numbers[at + place]!;
    switch (op) {
      case 'submitted':
      case 'cancelled':
        return { op, task: number(1) };
      case 'bulk':
      case 'drill':
      case 'drill over':
        return { op, burst: number(1) };
      case 'granted':
        return { op, count: number(1) };
      case 'turned':
        return { op };
      case 'released':
        return { op, waitMs: number(1), serviceMs: number(2) };
      case 'ended':
        return {
          op,
          task: number(1),
          ending: ENDINGS[number(2)]!,
          digest: number(3),
          waitMs: number(4),
          serviceMs: number(5),
          attempts: number(6),
          failed: number(7),
        };
    }
  }

  private write(op: number, ...rest: readonly number[]): void {
    const { numbers } = this;
    if (this.end + rest.length >= numbers.length) throw new Error('the log of the chaos bench is full');
    numbers[this.end++] = op;
    for (const number of rest) numbers[this.end++] = number;
  }
}
