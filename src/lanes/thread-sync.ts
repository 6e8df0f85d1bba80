import type { SyncAnswer, SyncRequest } from '../contract/sync-wire.ts';
import type { Task } from '../contract/task.ts';
import type { ThreadReports } from '../contract/wire.ts';
import type { Arbiter } from '../sync/arbiter.ts';
import { Party } from '../sync/party.ts';
import type { SharedMutexes } from '../sync/shared-mutexes.ts';
import { ThreadTask } from '../sync/thread-task.ts';
import type { OpenBatch } from './open-batch.ts';
import type { ThreadLink } from './thread-link.ts';

/** Which threads there are, and what runs on them. */
interface ThreadsInSlots {
  readonly roster: { readonly links: ReadonlyMap<number, ThreadLink> };
  running(link: ThreadLink): { readonly task: Task } | undefined;
}

/** Brings what tasks on threads ask about mutexes, semaphores and barriers to the arbiter. */
export class ThreadSync {
  private readonly arbiter: Arbiter;
  readonly shared: SharedMutexes;
  /** Called when the tasks on a thread start to wait, or no longer do. */
  private readonly waitsChanged: (link: ThreadLink) => void;

  constructor(arbiter: Arbiter, lane: ThreadsInSlots, waitsChanged: (link: ThreadLink) => void) {
    this.arbiter = arbiter;
    this.shared = arbiter.shareWithThreads((slot) => {
      const link = lane.roster.links.get(slot);
      return new Party(link && lane.running(link)?.task, undefined, link?.threadId);
    });
    this.waitsChanged = waitsChanged;
  }

  /** What a thread may call. */
  reportsOf(link: () => ThreadLink): Pick<ThreadReports, 'sync' | 'leaveSync'> {
    return {
      sync: (cell, seq, index, request) => this.ask(link(), cell, seq, index, request),
      leaveSync: (cell, seq, index, failed) => {
        const batch = link().batches[cell];
        if (batch?.seq === seq) leaveSync(batch, index, failed ? 'cut short' : 'released');
      },
    };
  }

  private async ask(
    link: ThreadLink,
    cell: number,
    seq: number,
    index: number,
    request: SyncRequest,
  ): Promise<SyncAnswer | undefined> {
    // All that a dead thread had was freed; its slot may be another's by now.
    if (link.state === 'dead') return undefined;
    if (request.op === 'release word') {
      // Its task may be gone; what it held is known by the thread.
      this.shared.release(link.slot, request.word, request.cutShort);
      return undefined;
    }
    const batch = link.batches[cell];
    const task = batch?.seq === seq ? batch.tasks[index] : undefined;
    // Its result was here first: nobody is left on the thread who waits for an answer.
    if (batch === undefined || task === undefined) return undefined;
    batch.sync ??= new Map();
    let parties = batch.sync.get(index);
    if (parties === undefined) {
      parties = new ThreadTask(this.arbiter, this.shared, task, link, (waits) => this.count(link, waits));
      batch.sync.set(index, parties);
    }
    return parties.ask(request);
  }

  private count(link: ThreadLink, waits: 1 | -1): void {
    const wasBlocked = link.syncWaits > 0;
    link.syncWaits += waits;
    if (wasBlocked !== link.syncWaits > 0) this.waitsChanged(link);
  }
}

/** A task of the batch has left its thread. */
export function leaveSync(batch: OpenBatch, index: number, how: 'released' | 'cut short'): void {
  const parties = batch.sync?.get(index);
  if (parties === undefined) return;
  batch.sync!.delete(index);
  parties.leave(how);
}

/** The batch's thread is dead: what its tasks held goes to others, who are told. */
export function cutSync(batch: OpenBatch): void {
  for (const parties of batch.sync?.values() ?? []) parties.leave('cut short');
  batch.sync = undefined;
}
