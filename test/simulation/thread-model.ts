import type { Clock } from '../../src/contract/clock.ts';
import type { AgentRef, Task } from '../../src/contract/task.ts';
import { BatchDraft } from '../../src/lanes/batch-draft.ts';
import type { LaneReport } from '../../src/lanes/lane.ts';

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
  private readonly clock: Clock;
  private readonly report: LaneReport;
  private readonly threads: Thread[];
  private readonly mailbox = new Int32Array(new SharedArrayBuffer(1 << 16));
  /** Divides the speed of all threads. */
  slowdown = 1;

  constructor(count: number, clock: Clock, report: LaneReport) {
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

  post(thread: Thread, nowMs: number): void {
    const { tasks, agents } = this.draft.take(this.mailbox);
    thread.open++;
    let atMs = Math.max(nowMs, thread.freeAtMs);
    tasks.forEach((task, i) => {
      const startedAtMs = atMs;
      atMs += (task.payload as number) * this.slowdown;
      const endedAtMs = atMs;
      const isLast = i === tasks.length - 1;
      this.clock.schedule(endedAtMs - nowMs, () =>
        this.end(thread, task, agents[i]!, startedAtMs, endedAtMs, isLast),
      );
    });
    thread.freeAtMs = atMs;
  }

  private end(
    thread: Thread,
    task: Task,
    _agent: AgentRef,
    startedAtMs: number,
    endedAtMs: number,
    isLast: boolean,
  ): void {
    if (isLast) thread.open--;
    this.report.completed(task, undefined, startedAtMs, endedAtMs);
    if (isLast) this.report.roomMade();
  }
}
