import type { StepError } from '../contract/workflow.ts';
import type { RunPort } from './execution.ts';
import type { MapItem } from './map-item.ts';
import { cancelSending } from './perform.ts';
import { stepError } from './step-error.ts';

/** Items of a map that have begun and not ended: under way, waiting for another try, or ready for it. */
export class OpenItems {
  readonly #port: RunPort;
  /** In no order: each knows its place. */
  readonly #items: MapItem[] = [];
  readonly #due: MapItem[] = [];
  /** Keeps the hidden class of items, see `Task.kept`. */
  last: MapItem | undefined = undefined;
  /** One that had no place was given up. */
  readonly #onGone: () => void;

  constructor(port: RunPort, onGone: () => void) {
    this.#port = port;
    this.#onGone = onGone;
  }

  get size(): number {
    return this.#items.length;
  }

  /** Whether one is ready for another try. */
  get hasDue(): boolean {
    return this.#due.length > 0;
  }

  takeDue(): MapItem | undefined {
    return this.#due.shift();
  }

  add(item: MapItem): void {
    item.place = this.#items.push(item) - 1;
  }

  remove(item: MapItem): void {
    const last = this.#items.pop()!;
    if (last !== item) {
      this.#items[item.place] = last;
      last.place = item.place;
    }
    item.place = -1;
    this.last = item;
  }

  /** It is tried again after a pause; `ready` is called when it may be. */
  addLater(item: MapItem, waitMs: number, ready: () => void): void {
    this.add(item);
    this.#hold(
      item,
      this.#port.clock.schedule(waitMs, () => this.#makeDue(item, ready)),
    );
  }

  /** It may be tried as soon as there is a place, ahead of items that have not been tried. */
  addDue(item: MapItem, ready: () => void): void {
    this.add(item);
    this.#makeDue(item, ready);
  }

  /** @param isGentle only those that have not begun */
  cancelAll(isGentle: boolean): void {
    for (const item of [...this.#items]) this.#cancel(item, isGentle);
  }

  /**
   * Those that are open of these items are not wanted any more. Gives how many there are.
   * @param isGentle what is under way is left to end
   * @param failed told of each of which nobody else tells
   */
  cancelThese(
    items: ReadonlySet<number>,
    isGentle: boolean,
    failed: (error: StepError, value: unknown) => void,
  ): number {
    const open = this.#items.filter(({ item, isUnwanted }) => items.has(item) && !isUnwanted);
    for (const item of open) {
      const { isHeld, step } = item;
      item.isUnwanted = true;
      this.#cancel(item, isGentle);
      const message = `item ${item.item} of step "${step}" was cancelled`;
      if (isHeld) failed(stepError(step, item.item, 'CANCELLED', message), item.value);
    }
    return open.length;
  }

  #cancel(item: MapItem, isGentle: boolean): void {
    // The end of another one may have ended it.
    if (item.place < 0) return;
    if (item.cancel !== undefined) item.cancel(isGentle);
    else cancelSending(this.#port, item, isGentle);
  }

  #makeDue(item: MapItem, ready: () => void): void {
    this.#due.push(item);
    this.#hold(item, () => void this.#due.splice(this.#due.indexOf(item), 1));
    ready();
  }

  /** The item has no place, and is not lost. */
  #hold(item: MapItem, forget: () => void): void {
    item.isHeld = true;
    item.cancel = () => {
      forget();
      this.remove(item);
      this.#onGone();
    };
  }
}
