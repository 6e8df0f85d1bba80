/** Something that stands in a heap; smaller keys come first, ties by the smaller `tie`. */
export interface HeapItem {
  key: number;
  tie: number;
  /** Where the item stands; -1 while it is in no heap. */
  heapIndex: number;
}

function before(a: HeapItem, b: HeapItem): boolean {
  return a.key < b.key || (a.key === b.key && a.tie < b.tie);
}

/** A binary heap whose items know their place, so that one can be moved or removed in O(log n). */
export class IndexedHeap<T extends HeapItem> {
  private readonly items: T[] = [];

  get size(): number {
    return this.items.length;
  }

  peek(): T | undefined {
    return this.items[0];
  }

  push(item: T): void {
    item.heapIndex = this.items.push(item) - 1;
    this.up(item);
  }

  /** Puts the item where its changed key belongs. */
  update(item: T): void {
    if (this.items.length === 1) return;
    this.up(item);
    this.down(item);
  }

  remove(item: T): void {
    const last = this.items.pop() as T;
    if (last !== item) {
      this.items[item.heapIndex] = last;
      last.heapIndex = item.heapIndex;
      this.update(last);
    }
    item.heapIndex = -1;
  }

  private up(item: T): void {
    const { items } = this;
    const from = item.heapIndex;
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = items[parentIndex]!;
      if (!before(item, parent)) break;
      items[index] = parent;
      parent.heapIndex = index;
      index = parentIndex;
    }
    if (index === from) return;
    items[index] = item;
    item.heapIndex = index;
  }

  private down(item: T): void {
    const { items } = this;
    const from = item.heapIndex;
    let index = from;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= items.length) break;
      let child = items[childIndex]!;
      const right = items[childIndex + 1];
      if (right !== undefined && before(right, child)) {
        child = right;
        childIndex++;
      }
      if (!before(child, item)) break;
      items[index] = child;
      child.heapIndex = index;
      index = childIndex;
    }
    if (index === from) return;
    items[index] = item;
    item.heapIndex = index;
  }
}
