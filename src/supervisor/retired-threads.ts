import type { RetiredStats } from '../contract/stats.ts';
import type { ThreadLane } from '../lanes/thread-lane.ts';
import type { ThreadLink } from '../lanes/thread-link.ts';
import { emptyPicture } from '../load-table/reader.ts';

/** What dead threads did, so that the counts of a run stay whole when threads are replaced. */
export class RetiredThreads {
  /** Those that died; others took their place. */
  lost = 0;
  count = 0;
  started = 0;
  completed = 0;
  failed = 0;

  get totals(): RetiredStats {
    return { threads: this.count, started: this.started, completed: this.completed, failed: this.failed };
  }

  /** Adds the counts of a thread that died, before its slot is cleared. */
  keep(lane: ThreadLane, link: ThreadLink): void {
    this.lost++;
    this.add(lane, link);
  }

  /** Adds the counts of a thread that is gone, before its slot is cleared. */
  add(lane: ThreadLane, link: ThreadLink): void {
    const picture = lane.table.read(link.slot, emptyPicture(link.slot));
    this.count++;
    this.started += picture.started;
    this.completed += picture.completed;
    this.failed += picture.failed;
  }
}
