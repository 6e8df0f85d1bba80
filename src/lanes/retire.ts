import type { ThreadLane } from './thread-lane.ts';
import type { ThreadLink } from './thread-link.ts';

/**
 * Takes one thread out of service: it gets no more work, what it has not started goes back to where it stood, and once
 * what it runs has ended, so does the thread. False if there is none that may go.
 */
export function retire(lane: ThreadLane): boolean {
  let idlest: ThreadLink | undefined;
  for (const link of lane.roster.ready) {
    if (!lane.pool.maySpare(link.worker)) continue;
    if (idlest === undefined || link.expectedMs < idlest.expectedMs) idlest = link;
  }
  if (idlest === undefined) return false;
  lane.roster.drain(idlest);
  idlest.spared = true;
  lane.pool.spare(idlest.worker);
  for (const batch of idlest.batches) if (batch !== undefined) lane.takeBack(idlest, batch);
  endIfDone(lane, idlest);
  return true;
}

/** Ends the thread that stands by, if it is one that may go. */
export function retireStandby({ roster, pool }: ThreadLane): boolean {
  const link = roster.standby;
  if (link === undefined || !pool.maySpare(link.worker)) return false;
  link.state = 'retired';
  pool.spare(link.worker);
  pool.end(link.worker);
  return true;
}

/** Calls back a thread that is to go and still has something to end. False if there is none. */
export function recall(lane: ThreadLane): boolean {
  for (const link of lane.roster.links.values()) {
    if (!link.spared || link.state !== 'draining') continue;
    link.spared = false;
    lane.pool.keep(link.worker);
    lane.roster.recall(link);
    return true;
  }
  return false;
}

/** To be called when a batch has left a thread that is to go. */
export function endIfDone(lane: ThreadLane, link: ThreadLink): void {
  if (!link.spared || link.state !== 'draining' || !link.isEmpty) return;
  link.state = 'retired';
  lane.pool.end(link.worker);
}
