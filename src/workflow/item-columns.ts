import type { Clock } from '../contract/clock.ts';
import type { StepError } from '../contract/workflow.ts';

/** Ends of items that are told at once, at most; fewer if the turn of the event loop ends. */
const MOST = 1_000;

/** Gathers ends of items into columns, so that telling of one costs little. */
export class ItemColumns {
  readonly #clock: Clock;
  readonly #tell: (items: number[], values: unknown[], failures: StepError[]) => void;
  #items: number[] = [];
  #values: unknown[] = [];
  #failures: StepError[] = [];
  #isDue = false;

  constructor(clock: Clock, tell: (items: number[], values: unknown[], failures: StepError[]) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  succeeded(item: number, value: unknown): void {
    this.#items.push(item);
    this.#values.push(value);
    this.#soon();
  }

  failed(error: StepError): void {
    this.#failures.push(error);
    this.#soon();
  }

  /** Tells what there is. */
  flush(): void {
    if (this.#items.length + this.#failures.length === 0) return;
    const items = this.#items;
    const values = this.#values;
    const failures = this.#failures;
    this.#items = [];
    this.#values = [];
    this.#failures = [];
    this.#tell(items, values, failures);
  }

  #soon(): void {
    if (this.#items.length + this.#failures.length >= MOST) {
      this.flush();
      return;
    }
    if (this.#isDue) return;
    this.#isDue = true;
    this.#clock.defer(() => {
      this.#isDue = false;
      this.flush();
    });
  }
}
