import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HeapItem, IndexedHeap } from '../../src/queue/indexed-heap.ts';

/** An item that counts how often its key is looked at. */
class Counted implements HeapItem {
  static looks = 0;
  heapIndex = -1;
  tie: number;
  private value: number;

  constructor(key: number, tie: number) {
    this.value = key;
    this.tie = tie;
  }

  get key(): number {
    Counted.looks++;
    return this.value;
  }

  set key(value: number) {
    this.value = value;
  }
}

describe('an indexed heap', () => {
  it('always gives the smallest key, ties by the smaller tie, whatever is added, moved and removed', () => {
    const step = fc.tuple(
      fc.constantFrom('push', 'push', 'update', 'remove', 'pop'),
      fc.integer({ min: 0, max: 9 }),
      fc.nat(),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const heap = new IndexedHeap<HeapItem>();
        const items: HeapItem[] = [];
        let tie = 0;
        for (const [name, key, choice] of steps) {
          const item = name === 'pop' ? heap.peek() : items[choice % Math.max(1, items.length)];
          if (name === 'push') {
            const added = { key, tie: tie++, heapIndex: -1 };
            items.push(added);
            heap.push(added);
          } else if (item === undefined) continue;
          else if (name === 'update') {
            item.key = key;
            heap.update(item);
          } else {
            heap.remove(item);
            expect(item.heapIndex).toBe(-1);
            items.splice(items.indexOf(item), 1);
          }
          expect(heap.size).toBe(items.length);
          expect(heap.peek()).toBe([...items].sort((a, b) => a.key - b.key || a.tie - b.tie)[0]);
        }
      }),
    );
  });

  it.each([1_000, 10_000, 100_000])('looks at O(log n) keys for each operation on %i items', (count) => {
    const heap = new IndexedHeap<Counted>();
    const items = Array.from({ length: count }, (_, i) => new Counted((i * 7_919) % count, i));
    const most = (operation: (item: Counted) => void) => {
      let worst = 0;
      for (const item of items) {
        Counted.looks = 0;
        operation(item);
        worst = Math.max(worst, Counted.looks);
      }
      return worst;
    };
    // At most two comparisons a level, each of which looks at up to four keys.
    const bound = 8 * Math.ceil(Math.log2(count) + 1);
    expect(most((item) => heap.push(item))).toBeLessThan(bound);
    expect(
      most((item) => {
        item.key = (item.tie * 104_729) % count;
        heap.update(item);
      }),
    ).toBeLessThan(bound);
    expect(most((item) => heap.remove(item))).toBeLessThan(bound);
  });
});
