/** Children of a node that are all there and are to be combined, in their order. */
export interface Combination<T> {
  readonly level: number;
  readonly position: number;
  readonly children: readonly T[];
}

/** What stands in a place of the tree: `undefined` for a gap, which will never have a value. */
type Slot<T> = { readonly value: T } | undefined;

/** A node of which some children have arrived. */
interface Pending<T> {
  /** By their place in the node. */
  readonly children: Map<number, Slot<T>>;
}

/** What all leaves have become: nothing, if there was none, or only gaps. */
export type Root<T> = { readonly hasValue: true; readonly value: T } | { readonly hasValue: false };

/**
 * Says which leaves, and then which combinations of them, are to be combined: node `p` of a level holds nodes
 * `p * fanIn` to `p * fanIn + fanIn - 1` of the level below.
 *
 * ```
 *   level 2                    ┌─────── 0 ───────┐         the root, once the number of leaves is known
 *   level 1            ┌─ 0 ─┐    ┌─ 1 ─┐    ┌ 2 ┐
 *   leaves             0  1  2    3  4  5    6  7          fanIn 3, 8 leaves
 * ```
 *
 * The shape depends on the number of leaves alone, never on the order in which they arrive. Holds what cannot be
 * combined yet: at most `fanIn` for each leaf that others wait for, and for each level. Executes nothing.
 */
export class ReduceTree<T> {
  readonly #fanIn: number;
  readonly #levels: Map<number, Pending<T>>[] = [];
  /** Number of leaves, once it is known. */
  #count: number | undefined;
  #arrived = 0;
  #gaps = 0;
  #root: Root<T> | undefined;

  constructor(fanIn: number) {
    this.#fanIn = fanIn;
  }

  /** Leaves that have been skipped. */
  get gaps(): number {
    return this.#gaps;
  }

  /** Nodes, leaves among them, that wait for others. */
  get waiting(): number {
    const nodes = this.#levels.flatMap((level) => [...level.values()]);
    return nodes.reduce((sum, { children }) => sum + children.size, 0);
  }

  /** What all leaves have become; `undefined` until it is there. */
  get root(): Root<T> | undefined {
    return this.#root;
  }

  /** A leaf has arrived. Returns what can be combined now. */
  put(leaf: number, value: T): Combination<T>[] {
    this.#arrive(leaf);
    return this.#place(0, leaf, { value });
  }

  /** A leaf will never arrive. Returns what can be combined now. */
  skip(leaf: number): Combination<T>[] {
    this.#arrive(leaf);
    this.#gaps += 1;
    return this.#place(0, leaf, undefined);
  }

  /** A combination is done. Returns what can be combined now. */
  done({ level, position }: Combination<T>, value: T): Combination<T>[] {
    return this.#place(level, position, { value });
  }

  /** There are that many leaves. Returns what can be combined now. */
  end(count: number): Combination<T>[] {
    if (this.#count !== undefined) throw new Error('end() was called twice');
    if (this.#arrived > count)
      throw new Error(`${this.#arrived} leaves have arrived, there are only ${count}`);
    this.#count = count;
    if (count === 0) this.#root = { hasValue: false };
    const ready: Combination<T>[] = [];
    // Only nodes at the right edge have fewer children than they waited for, and the root's is one of the first.
    for (let level = 1; level <= this.#levels.length; level += 1) {
      const position = Math.floor(Math.max(0, count - 1) / this.#fanIn ** level);
      ready.push(...this.#check(level, position));
    }
    return ready;
  }

  #arrive(leaf: number): void {
    const count = this.#count ?? Number.POSITIVE_INFINITY;
    if (leaf >= count) throw new Error(`there is no leaf ${leaf}`);
    const waiting = this.#levels[0]?.get(Math.floor(leaf / this.#fanIn));
    if (waiting?.children.has(leaf % this.#fanIn) || this.#arrived === count) {
      throw new Error(`leaf ${leaf} has arrived twice`);
    }
    this.#arrived += 1;
  }

  #place(level: number, position: number, slot: Slot<T>): Combination<T>[] {
    this.#levels[level] ??= new Map();
    const nodes = this.#levels[level];
    const parent = Math.floor(position / this.#fanIn);
    const node = nodes.get(parent) ?? { children: new Map() };
    nodes.set(parent, node);
    node.children.set(position % this.#fanIn, slot);
    return this.#check(level + 1, parent);
  }

  /** Looks whether a node has all its children. One that has a single child, beside gaps, is that child. */
  #check(level: number, position: number): Combination<T>[] {
    const nodes = this.#levels[level - 1];
    const node = nodes?.get(position);
    if (node === undefined) return [];
    if (this.#width(level - 1) === 1) {
      const slot = node.children.get(0);
      this.#root = slot === undefined ? { hasValue: false } : { hasValue: true, value: slot.value };
      nodes!.delete(position);
      return [];
    }
    const wanted = Math.min(this.#fanIn, this.#width(level - 1) - position * this.#fanIn);
    if (node.children.size < wanted) return [];
    nodes!.delete(position);
    const children = inOrder(node.children);
    if (children.length > 1) return [{ level, position, children: children.map(({ value }) => value) }];
    return this.#place(level, position, children[0]);
  }

  /** Nodes of a level; infinite until the number of leaves is known. */
  #width(level: number): number {
    if (this.#count === undefined) return Number.POSITIVE_INFINITY;
    return Math.ceil(this.#count / this.#fanIn ** level);
  }
}

function inOrder<T>(children: ReadonlyMap<number, Slot<T>>): { readonly value: T }[] {
  const sorted = [...children].sort(([a], [b]) => a - b);
  return sorted.flatMap(([, slot]) => slot ?? []);
}
