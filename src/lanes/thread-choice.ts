import type { AgentRef } from '../contract/task.ts';
import { emptyPicture, type LoadTableReader, type SlotPicture } from '../load-table/reader.ts';
import type { ThreadLink } from './thread-link.ts';

/** One batch runs, one waits behind it and hides the round trip. */
export const OPEN_PER_THREAD = 2;
/**
 * With no more cores than threads, the operating system may keep the main thread waiting for some milliseconds. Short
 * batches are sent further ahead, so that the threads do not run dry meanwhile.
 */
const MAX_OPEN = 4;
const AHEAD_QUANTA = 4;
/**
 * While tasks of one agent follow each other, a second batch is sent ahead however long the first takes. Where agents
 * mix, short tasks must not be sent behind long ones: they wait in the queue for whichever thread is free first.
 */
const MIXED_MEMORY_MS = 100;

/** Chooses the thread for a batch by what the load table shows. */
export class ThreadChoice {
  private readonly table: LoadTableReader;
  private readonly quantumMs: number;
  private readonly picture: SlotPicture = emptyPicture(0);
  private lastAgent: AgentRef | undefined = undefined;
  /** When tasks of different agents last followed each other. */
  private mixedAtMs = Number.NEGATIVE_INFINITY;

  constructor(table: LoadTableReader, quantumMs: number) {
    this.table = table;
    this.quantumMs = quantumMs;
  }

  /** The thread that should get the next batch, or `undefined` if all have enough. */
  pick(threads: readonly ThreadLink[], nowMs: number): ThreadLink | undefined {
    let best: ThreadLink | undefined;
    let bestMs = Number.POSITIVE_INFINITY;
    const aheadMs = nowMs - this.mixedAtMs > MIXED_MEMORY_MS ? Number.POSITIVE_INFINITY : this.quantumMs;
    for (const link of threads) {
      if (link.state !== 'ready' || link.open >= MAX_OPEN || link.freeCell() < 0) continue;
      const remainingMs = link.open === 0 ? -1 : this.remainingMs(link, nowMs);
      if (link.open >= OPEN_PER_THREAD && remainingMs > AHEAD_QUANTA * this.quantumMs) continue;
      if (remainingMs < bestMs && remainingMs <= aheadMs) {
        best = link;
        bestMs = remainingMs;
      }
    }
    return best;
  }

  /** What the load table says that the thread still has to do, in milliseconds. */
  remainingMs(link: ThreadLink, nowMs: number): number {
    const picture = this.table.read(link.slot, this.picture);
    const running = link.batches[picture.cell];
    if (running === undefined || running.seq !== picture.batchSeq) return link.expectedMs;
    const share = (running.end - picture.cursor) / running.tasks.length;
    const elsewhereMs = link.expectedMs - running.expectedMs;
    const overdueMs = Math.max(0, nowMs - picture.startedAtMs - running.expectedMs);
    // What is late already is likely to be much later.
    return elsewhereMs + share * running.expectedMs + overdueMs;
  }

  /** Takes note of whose tasks follow each other. */
  noteAgents(agents: readonly AgentRef[], nowMs: number): void {
    const last = agents.at(-1);
    if (agents[0] === this.lastAgent && last === this.lastAgent) return;
    if (this.lastAgent !== undefined) this.mixedAtMs = nowMs;
    this.lastAgent = last;
  }
}
