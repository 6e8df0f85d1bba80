import type { RecycleOptions } from '../contract/options.ts';
import type { Recycling } from '../lanes/thread-link.ts';
import type { SlotPicture } from '../load-table/reader.ts';

const MEGABYTE = 2 ** 20;

/** What a thread is to be replaced for, as the load table shows it; `undefined` if it may go on. */
export function recyclingOf(picture: SlotPicture, bounds: RecycleOptions): Recycling | undefined {
  const { heapUsedBytes, externalBytes, started: tasks } = picture;
  const reason = reasonOf(picture, bounds);
  return reason && { reason, heapUsedBytes, externalBytes, tasks };
}

function reasonOf(picture: SlotPicture, bounds: RecycleOptions): Recycling['reason'] | undefined {
  const { heapMb, externalMb, tasks } = bounds;
  if (heapMb !== undefined && picture.heapUsedBytes > heapMb * MEGABYTE) return 'heap';
  if (externalMb !== undefined && picture.externalBytes > externalMb * MEGABYTE) return 'external';
  return tasks !== undefined && picture.started >= tasks ? 'tasks' : undefined;
}
