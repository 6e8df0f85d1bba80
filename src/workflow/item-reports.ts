import type { Clock } from '../contract/clock.ts';
import type { StepError } from '../contract/workflow.ts';
import type { MapStep } from '../contract/workflow-definition.ts';
import { errorOfThrown } from './step-error.ts';
import { voteOf } from './votes.ts';

/** What became of some items, in columns. */
export interface ItemReport {
  readonly items: readonly number[];
  readonly values: readonly unknown[];
  /** What each value counts as, if the map ends at a quorum. */
  readonly votes?: readonly string[];
  readonly failures: readonly StepError[];
}

/** Items that are begun, and ends of items that are told, at most before others have their turn. */
export const MOST_AT_ONCE = 1_000;

/** Collects what became of items, and tells of it once a turn of the event loop, or as soon as there is much. */
export class ItemReports {
  readonly #step: MapStep;
  readonly #clock: Clock;
  readonly #tell: (report: ItemReport) => void;
  #isDue = false;
  #items: number[] = [];
  #values: unknown[] = [];
  #votes: string[] = [];
  #failures: StepError[] = [];

  constructor(step: MapStep, clock: Clock, tell: (report: ItemReport) => void) {
    this.#step = step;
    this.#clock = clock;
    this.#tell = tell;
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  get #size(): number {
    return this.#items.length + this.#failures.length;
  }

  succeeded(item: number, value: unknown): void {
    const vote = voteFor(this.#step, item, value);
    if (vote !== undefined && typeof vote !== 'string') {
      this.failed(vote);
      return;
    }
    if (vote !== undefined) this.#votes.push(vote);
    this.#items.push(item);
    this.#values.push(value);
    this.#soon();
  }

  failed(error: StepError): void {
    this.#failures.push(error);
    this.#soon();
  }

  #soon(): void {
    if (this.#size >= MOST_AT_ONCE) this.flush();
    else if (!this.#isDue) {
      this.#isDue = true;
      this.#clock.defer(() => {
        this.#isDue = false;
        this.flush();
      });
    }
  }

  /** Tells what there is, if there is something. */
  flush(): void {
    if (this.#size > 0) this.#tell(this.#take());
  }

  #take(): ItemReport {
    const report: ItemReport = {
      items: this.#items,
      values: this.#values,
      ...(this.#votes.length > 0 && { votes: this.#votes }),
      failures: this.#failures,
    };
    this.#items = [];
    this.#values = [];
    this.#votes = [];
    this.#failures = [];
    return report;
  }
}

/** What it comes to when somebody gives the value of one item. */
export function reportOfValue(step: MapStep, item: number, value: unknown): ItemReport {
  const vote = voteFor(step, item, value);
  if (vote !== undefined && typeof vote !== 'string') return { items: [], values: [], failures: [vote] };
  return { items: [item], values: [value], ...(vote !== undefined && { votes: [vote] }), failures: [] };
}

/** What a value counts as, if the map ends at a quorum; an error if the function that says so throws. */
function voteFor({ enough, name }: MapStep, item: number, value: unknown): string | StepError | undefined {
  if (enough === undefined || !('quorum' in enough)) return undefined;
  try {
    return voteOf(enough, value);
  } catch (error) {
    // The same value would be asked in vain again.
    return { ...errorOfThrown(name, item, 'enough.by', error), retryable: false };
  }
}
