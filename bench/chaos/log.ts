import { ENDINGS, type Ending } from './kinds.ts';

/** What is written down of a run, in the order in which it was seen. */
export type LogEntry =
  | { readonly op: 'submitted'; readonly task: number }
  | { readonly op: 'cancelled'; readonly task: number }
  | { readonly op: 'released'; readonly waitMs: number; readonly serviceMs: number }
  | {
      readonly op: 'ended';
      readonly task: number;
      readonly ending: Ending;
      /** Of the value; 0 unless it completed. */
      readonly digest: number;
      readonly waitMs: number;
      readonly serviceMs: number;
    };

const OP = { submitted: 1, cancelled: 2, released: 3, ended: 4 } as const;
/** Numbers for a task that is submitted, cancelled, released and ended once; some more, so that mischief fits in. */
const NUMBERS_PER_TASK = 14;

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

  /** The engine gave a permit back. */
  released(waitMs: number, serviceMs: number): void {
    this.write(OP.released, waitMs, serviceMs);
  }

  /** An outcome came. */
  ended(task: number, ending: Ending, digest: number, waitMs: number, serviceMs: number): void {
    this.write(OP.ended, task, ENDINGS.indexOf(ending), digest, waitMs, serviceMs);
  }

  *entries(): Iterable<LogEntry> {
    const { numbers } = this;
    for (let at = 0; at < this.end; ) {
      const op = numbers[at]!;
      const task = numbers[at + 1]!;
      if (op === OP.submitted) yield { op: 'submitted', task };
      else if (op === OP.cancelled) yield { op: 'cancelled', task };
      else if (op === OP.released) yield { op: 'released', waitMs: task, serviceMs: numbers[at + 2]! };
      else {
        const ending = ENDINGS[numbers[at + 2]!]!;
        const [digest, waitMs, serviceMs] = numbers.subarray(at + 3, at + 6) as unknown as [
          number,
          number,
          number,
        ];
        yield { op: 'ended', task, ending, digest, waitMs, serviceMs };
      }
      at += op === OP.ended ? 6 : op === OP.released ? 3 : 2;
    }
  }

  private write(op: number, ...rest: readonly number[]): void {
    const { numbers } = this;
    if (this.end + rest.length >= numbers.length) throw new Error('the log of the chaos bench is full');
    numbers[this.end++] = op;
    for (const number of rest) numbers[this.end++] = number;
  }
}
