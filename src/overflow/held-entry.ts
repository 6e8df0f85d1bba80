import type { OverflowEntry } from '../contract/overflow.ts';
import type { HeapItem } from '../queue/indexed-heap.ts';
import type { RecordMeta } from './record.ts';
import type { Segment } from './segment.ts';

/** An entry on disk that is not done: all of it that is kept in memory. Higher priorities come first, then older ones. */
export class HeldEntry implements HeapItem {
  readonly key: number;
  readonly tie: number;
  heapIndex = -1;
  readonly target: OverflowEntry['target'];
  readonly segment: Segment;
  readonly offset: number;
  readonly bytes: number;

  constructor(
    meta: Pick<RecordMeta, 'id' | 'priority' | 'target'>,
    segment: Segment,
    offset: number,
    bytes: number,
  ) {
    this.key = -meta.priority;
    this.tie = meta.id;
    this.target = meta.target;
    this.segment = segment;
    this.offset = offset;
    this.bytes = bytes;
  }

  get id(): number {
    return this.tie;
  }

  get priority(): number {
    return -this.key;
  }
}
