import { IndexedHeap } from '../queue/indexed-heap.ts';
import { anyHasRoom } from './choose-agent.ts';
import type { ReadyEntry, Route } from './route.ts';

/**
 * A route's turn is put off by this many times its expected service time. Among tasks of one priority the short ones
 * then go first, as measured; a long one still goes once it has waited that much longer.
 */
const STRETCH = 10;

/** The routes that have both a waiting task and an agent with room: a heap for each lane, the next one on top. */
export class ReadyRoutes {
  private readonly ageMs: number;
  readonly threads = new IndexedHeap<ReadyEntry>();
  readonly loop = new IndexedHeap<ReadyEntry>();

  constructor(ageMs: number) {
    this.ageMs = ageMs;
  }

  /** Puts the route where it belongs: after its head, its agents' room, or their speed changed. */
  refresh(route: Route): void {
    if (route.loop.agents.length > 0 || route.loop.heapIndex >= 0) place(this.loop, route.loop, 0);
    if (route.threads.agents.length > 0 || route.threads.heapIndex >= 0) {
      let expectedMs = 0;
      for (const agent of route.threads.agents) expectedMs = Math.max(expectedMs, agent.expectedMs);
      // Never so much that it outweighs a priority level.
      place(this.threads, route.threads, Math.min(STRETCH * expectedMs, this.ageMs / 2));
    }
  }
}

function place(heap: IndexedHeap<ReadyEntry>, entry: ReadyEntry, delayMs: number): void {
  const { queue } = entry.route;
  if (queue.size === 0 || !anyHasRoom(entry.agents)) {
    if (entry.heapIndex >= 0) heap.remove(entry);
    return;
  }
  entry.key = queue.headKeyMs + delayMs;
  entry.tie = queue.peek()!.seq;
  if (entry.heapIndex >= 0) heap.update(entry);
  else heap.push(entry);
}
