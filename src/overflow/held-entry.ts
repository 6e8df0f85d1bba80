import type { OverflowEntry } from '../contract/overflow.ts';
import type { HeapItem } from '../queue/indexed-heap.ts';
import type { LogHeld, LogKind, LogMeta, LogPlace } from './log-kind.ts';
import type { Segment } from './segment.ts';
import { unusable } from './unusable.ts';

/** An entry on disk that is not done: all of it that is kept in memory. Higher priorities come first, then older ones. */
export class HeldEntry implements HeapItem, LogHeld {
  readonly key: number;
  readonly tie: number;
  heapIndex = -1;
  readonly target: OverflowEntry['target'];
  readonly segment: Segment;
  readonly offset: number;
  readonly bytes: number;

  constructor(meta: LogMeta<OverflowEntry>, { segment, offset, bytes }: LogPlace) {
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

/** The log of what has overflowed. */
export const OVERFLOW_LOG: LogKind<OverflowEntry, HeldEntry> = {
  name: 'overflow',
  hold: (meta, place) => new HeldEntry(meta, place),
  unusable,
};
