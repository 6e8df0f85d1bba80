/**
 * Gives one source to several readers, each of which gets every item. Items are kept from the first reader that asks
 * for them until the last has taken them, at most `maxLag`: a reader that far ahead waits for the slowest. When all
 * readers have left, the source is closed. An error of the source reaches every reader, after the items before it.
 */
export function fanOut<T>(
  source: AsyncIterable<T>,
  readers: number,
  maxLag: number,
): AsyncIterableIterator<T>[] {
  const shared = new SharedItems(source[Symbol.asyncIterator](), readers, maxLag);
  // Not generators: a reader that leaves while it waits for an item must not be kept until the item comes.
  return Array.from({ length: readers }, (_, reader) => ({
    next: () => shared.next(reader),
    return: async () => {
      await shared.leave(reader);
      return { done: true as const, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  }));
}

const GONE = Number.POSITIVE_INFINITY;

class SharedItems<T> {
  readonly #source: AsyncIterator<T>;
  readonly #maxLag: number;
  /** Items that some reader still needs; the first has the number `#base`. */
  readonly #items: T[] = [];
  #base = 0;
  /** Number of the next item of each reader; infinite once it has left. */
  readonly #positions: number[];
  #pull: Promise<void> | undefined;
  #end: { readonly error?: unknown } | undefined;
  #waiting: (() => void)[] = [];

  constructor(source: AsyncIterator<T>, readers: number, maxLag: number) {
    this.#source = source;
    this.#maxLag = maxLag;
    this.#positions = new Array<number>(readers).fill(0);
  }

  async next(reader: number): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      const position = this.#positions[reader]!;
      if (position === GONE) return { done: true, value: undefined };
      if (position < this.#base + this.#items.length) return this.#take(reader, position);
      if (this.#end !== undefined) {
        if ('error' in this.#end) throw this.#end.error;
        return { done: true, value: undefined };
      }
      if (this.#items.length < this.#maxLag) await this.#pullOne();
      else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async leave(reader: number): Promise<void> {
    if (this.#positions[reader] === GONE) return;
    this.#positions[reader] = GONE;
    this.#drop();
    if (this.#positions.some(Number.isFinite)) return;
    this.#end ??= {};
    await this.#source.return?.();
  }

  #take(reader: number, position: number): IteratorResult<T, undefined> {
    const value = this.#items[position - this.#base]!;
    this.#positions[reader] = position + 1;
    this.#drop();
    return { done: false, value };
  }

  /** Readers that ask for the same item share one request to the source. */
  #pullOne(): Promise<void> {
    this.#pull ??= this.#source
      .next()
      .then(
        (next) => {
          if (next.done) this.#end ??= {};
          else this.#items.push(next.value);
        },
        (error: unknown) => {
          this.#end ??= { error };
        },
      )
      .finally(() => {
        this.#pull = undefined;
      });
    return this.#pull;
  }

  /** Forgets what every reader has taken, and lets the readers that wait look again. */
  #drop(): void {
    const passed = Math.min(...this.#positions, this.#base + this.#items.length) - this.#base;
    this.#items.splice(0, passed);
    this.#base += passed;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
