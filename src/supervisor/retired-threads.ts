import type { ThreadLane } from '../lanes/thread-lane.ts';
import type { ThreadLink } from '../lanes/thread-link.ts';
import { emptyPicture } from '../load-table/reader.ts';

/** What dead threads did, so that the counts of a run stay whole when threads are replaced. */
export class RetiredThreads {
  count = 0;
  started = 0;
  completed = 0;
  failed = 0;

  /** Adds a dead thread's counts, before its slot is cleared. */
  keep(lane: ThreadLane, link: ThreadLink): void {
    const picture = lane.table.read(link.slot, emptyPicture(link.slot));
    this.count++;
    this.started += picture.started;
    this.completed += picture.completed;
    this.failed += picture.failed;
  }
}
