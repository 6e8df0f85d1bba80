import type { Task } from '../../src/contract/task.ts';
import { BatchDraft } from '../../src/lanes/batch-draft.ts';
import type { LaneReport } from '../../src/lanes/lane.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Batches that a thread may have: one runs, one waits behind it. */
const OPEN = 2;

interface Thread {
  open: number;
  /** When it will have done all that it was given. */
  freeAtMs: number;
}

/** Threads that run batches on a clock. A task's payload is its service time in milliseconds. */
export class ThreadModel {
  readonly draft: BatchDraft;
  readonly readyThreads: number;
  private readonly clock: VirtualClock;
  private readonly report: LaneReport;
  private readonly threads: Thread[];
  private readonly mailbox = new Int32Array(new SharedArrayBuffer(1 << 16));
  /** Divides the speed of all threads. */
  slowdown = 1;

  constructor(count: number, clock: VirtualClock, report: LaneReport) {
    this.draft = new BatchDraft({ quantumMs: 1, maxTasks: 512 });
    this.readyThreads = count;
    this.clock = clock;
    this.report = report;
    this.threads = Array.from({ length: count }, () => ({ open: 0, freeAtMs: 0 }));
  }

  get idleThreads(): number {
    return this.threads.filter(({ open }) => open === 0).length;
  }

  pick(_nowMs: number): Thread | undefined {
    let best: Thread | undefined;
    for (const thread of this.threads) {
      if (
        thread.open < OPEN &&
        (best === undefined ||
          thread.open < best.open ||
          (thread.open === best.open && thread.freeAtMs < best.freeAtMs))
      ) {
        best = thread;
      }
    }
    return best;
  }

  reclaim(): boolean {
    return false;
  }

  balance(): void {}

  relieve(): boolean {
    return false;
  }

  post(thread: Thread, _nowMs: number): void {
    const { tasks } = this.draft.take(this.mailbox);
    const { clock } = this;
    thread.open++;
    let atMs = Math.max(clock.passedMs, thread.freeAtMs);
    tasks.forEach((task, i) => {
      const startInMs = atMs - clock.passedMs;
      const serviceMs = (task.payload as number) * this.slowdown;
      atMs += serviceMs;
      const isLast = i === tasks.length - 1;
      // What the thread's clock shows when it starts, unless it is set until then.
      const startedAtMs = clock.now() + startInMs;
      clock.schedule(startInMs + serviceMs, () => this.end(thread, task, startedAtMs, isLast));
    });
    thread.freeAtMs = atMs;
  }

  private end(thread: Thread, task: Task, startedAtMs: number, isLast: boolean): void {
    if (isLast) thread.open--;
    this.report.completed(task, undefined, startedAtMs, this.clock.now());
    if (isLast) this.report.roomMade();
  }
}
