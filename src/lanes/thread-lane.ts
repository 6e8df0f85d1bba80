import type { Clock } from '../contract/clock.ts';
import { DEFAULTS } from '../contract/options.ts';
import { type AttemptOf, STATE, type Task } from '../contract/task.ts';
import type { Reply } from '../contract/wire.ts';
import { createLoadTable } from '../load-table/layout.ts';
import { emptyPicture, LoadTableReader, type SlotPicture } from '../load-table/reader.ts';
import { BatchDraft } from './batch-draft.ts';
import { settleReply } from './batch-results.ts';
import { reportsOf } from './handler-reports.ts';
import type { LaneReport } from './lane.ts';
import { OpenBatch } from './open-batch.ts';
import { balance, reclaim, relieve } from './rebalance.ts';
import { RestartBackoff } from './restart-backoff.ts';
import { endIfDone } from './retire.ts';
import { ThreadChoice } from './thread-choice.ts';
import type { ThreadEvents } from './thread-events.ts';
import type { ThreadLaneOptions } from './thread-lane-options.ts';
import type { ThreadLink } from './thread-link.ts';
import { ThreadPool } from './thread-pool.ts';
import { ThreadRoster } from './thread-roster.ts';
import { cutSync, ThreadSync } from './thread-sync.ts';

/** Batches at work, and room for some that were taken back and not answered yet. */
const CELLS = 8;
/** Slots beyond the threads, for those that start while dead ones are being cleared. */
const SPARE_SLOTS = 4;
/** A batch that runs for so many quanta sends what is done before going on. */
const FLUSH_QUANTA = 2;

/** Runs attempts on worker threads, in batches, on the thread that the load table shows to be least loaded. */
export class ThreadLane {
  readonly table: LoadTableReader;
  readonly roster: ThreadRoster;
  readonly choice: ThreadChoice;
  readonly clock: Clock;
  private readonly report: LaneReport;
  private readonly events: ThreadEvents;
  readonly pool: ThreadPool;
  readonly quantumMs: number;
  private readonly picture: SlotPicture = emptyPicture(0);
  readonly draft: BatchDraft;
  private batchSeq = 0;
  private readonly backoff = new RestartBackoff(DEFAULTS.restartBackoff);
  /** Keeps the hidden class of batches, see `Task.kept`. */
  lastBatch: OpenBatch | undefined = undefined;
  private closing = false;
  private readonly sync: ThreadSync;
  constructor(options: ThreadLaneOptions, clock: Clock, report: LaneReport, events: ThreadEvents) {
    const table = createLoadTable({
      slots: Math.min(1_024, options.max + SPARE_SLOTS),
      cellsPerSlot: CELLS,
      batchTasks: options.maxTasks,
    });
    this.table = new LoadTableReader(table);
    this.choice = new ThreadChoice(this.table, options.quantumMs);
    this.clock = clock;
    this.report = report;
    this.events = events;
    this.quantumMs = options.quantumMs;
    this.draft = new BatchDraft(options);
    this.sync = new ThreadSync(options.arbiter, this, events.syncWaits);
    const { startTimeoutMs, stallMs, resourceLimits } = options;
    const isRunning = (link: ThreadLink) => this.running(link) !== undefined;
    this.roster = new ThreadRoster(
      CELLS,
      { clock, startTimeoutMs, stallMs, isRunning },
      {
        ready: (link) => {
          events.threadReady(link);
          report.roomMade();
        },
        dead: (link, cause) => this.buried(link, cause),
        retired: (link) => {
          events.threadRetired(link);
          this.sync.shared.slotDied(link.slot);
          this.table.release(link.slot);
        },
        reply: (link, reply) => this.receive(link, reply),
        wanted: () => this.pool.size,
        startDelayMs: () => this.backoff.delayMs,
        cannotLoad: events.cannotLoad,
        cannotStart: (error) => {
          void this.close();
          events.cannotStart(error);
        },
        reportsOf: (link) => ({
          ...reportsOf(link, (...report) => this.onReport(...report), events),
          ...this.sync.reportsOf(link),
        }),
      },
    );
    const flushAfterMs = FLUSH_QUANTA * options.quantumMs;
    this.pool = new ThreadPool(
      { count: options.min, ...(resourceLimits && { resourceLimits }) },
      { table, flushAfterMs, memoryEveryMs: options.memoryEveryMs, locks: this.sync.shared.words },
      {
        hello: (hello, worker) => void this.roster.welcome(hello, worker),
        unheard: (threadId) => this.table.releaseOf(threadId),
        extinct: (error) => this.roster.giveUp(error),
      },
    );
  }

  /** Threads that take work. */
  get readyThreads(): number {
    return this.roster.ready.length;
  }

  get idleThreads(): number {
    return this.roster.idle;
  }

  /** The thread that should get the next batch, or `undefined` if all have enough. */
  pick(nowMs: number): ThreadLink | undefined {
    return this.choice.pick(this.roster.ready, nowMs);
  }

  /** These three: see rebalance.ts. */
  reclaim(headLevel: number, nowMs: number): boolean {
    return reclaim(this, headLevel, nowMs);
  }

  balance(): void {
    balance(this, this.clock);
  }

  relieve(nowMs: number): boolean {
    return relieve(this, nowMs);
  }

  /** Sends the draft. */
  post(link: ThreadLink, nowMs: number): void {
    const { draft } = this;
    const { expectedMs } = draft;
    const cell = link.freeCell();
    const { heads, inbox } = this.table.cell(link.slot, cell);
    const { frame, tasks, agents } = draft.take(inbox);
    this.choice.noteAgents(agents, nowMs);
    const batch = new OpenBatch(link, cell, ++this.batchSeq, tasks, agents, expectedMs, nowMs);
    for (let i = 0; i < tasks.length; i++) {
      heads[2 * i] = agents[i]!.id;
      heads[2 * i + 1] = tasks[i]!.seq;
      tasks[i]!.place = batch;
      tasks[i]!.threadId = link.threadId;
    }
    link.add(batch);
    this.lastBatch = batch;
    this.events.posted();
    this.table.openCell(link.slot, cell, tasks.length);
    if (frame !== undefined) {
      link.post({ cell, batch: batch.seq, frame }, undefined);
      return;
    }
    const task = tasks[0]!;
    const transfer = task.extras?.transfer;
    batch.moved = transfer !== undefined;
    try {
      link.post({ cell, batch: batch.seq, raw: task.payload }, transfer);
    } catch (error) {
      link.remove(batch);
      this.report.failed(task, { code: 'INPUT_NOT_CLONEABLE', cause: error }, nowMs, nowMs);
    }
  }

  /** Takes back, in their order, all tasks of a batch that have not started. */
  takeBack(link: ThreadLink, batch: OpenBatch): number {
    // What was moved to the thread cannot be sent again.
    if (batch.moved && batch.tasks[0]?.ended === false) return 0;
    const taken = this.table.takeBack(link.slot, batch.cell);
    const { end } = batch;
    if (taken >= end) return 0;
    batch.end = taken;
    // Its cell stays taken until the thread has seen that nothing is left, but it no longer counts as work.
    if (taken === 0) link.withdraw(batch);
    for (let i = end - 1; i >= taken; i--) this.giveBack(batch.tasks[i]!);
    return end - taken;
  }

  /** The task that runs on a thread now, as the load table shows it. */
  running(
    link: ThreadLink,
  ): { task: Task; batch: OpenBatch; index: number; startedAtMs: number; heartbeatAtMs: number } | undefined {
    const picture = this.table.read(link.slot, this.picture);
    const batch = link.batches[picture.cell];
    if (batch === undefined || batch.seq !== picture.batchSeq) return undefined;
    if (picture.started === picture.completed + picture.failed) return undefined;
    const task = batch.tasks[picture.cursor];
    if (task === undefined) return undefined;
    const { cursor: index, startedAtMs, heartbeatAtMs } = picture;
    return { task, batch, index, startedAtMs, heartbeatAtMs };
  }

  /** When the attempt of a task started; `undefined` if it does not run on a thread now. */
  startOf({ place, seq }: Task): number | undefined {
    if (!(place instanceof OpenBatch)) return undefined;
    const running = this.running(place.link);
    return running?.batch === place && running.task.seq === seq ? running.startedAtMs : undefined;
  }

  /** Takes a task that was cancelled off its thread (`batch` is the place it had): back, if it has not started; otherwise it is asked to stop. */
  stop(task: Task, batch: object | undefined, reason: string): void {
    if (!(batch instanceof OpenBatch) || batch.link.state === 'dead') return;
    const index = batch.tasks.indexOf(task);
    this.takeBack(batch.link, batch);
    // Only one that runs is asked to stop; one that is done waits for its result to be sent.
    const running = this.table.startedItems(batch.link.slot, batch.cell) - 1;
    if (index >= 0 && index === running) this.requestStop(batch.link, batch, index, reason);
  }

  /** Asks a running task to stop: sets the word that `ctx.cancelled` reads, and aborts `ctx.signal`. */
  requestStop(link: ThreadLink, batch: OpenBatch, index: number, reason: string): void {
    this.table.requestCancel(link.slot, batch.cell, index);
    link.control.cancel(batch.cell, batch.seq, index, reason).catch(() => undefined);
  }

  async close(): Promise<void> {
    this.closing = true;
    this.roster.close();
    await this.pool.destroy();
    await this.roster.nursery.close();
  }

  private receive(link: ThreadLink, reply: Reply): void {
    const batch = link.batches[reply.cell];
    if (batch === undefined || batch.seq !== reply.batch) return;
    settleReply(this.report, batch, reply, this.table.cell(link.slot, batch.cell));
    if (reply.taken !== undefined) batch.taken = reply.taken;
    if (batch.done) this.closeBatch(link, batch);
  }

  private closeBatch(link: ThreadLink, batch: OpenBatch): void {
    link.remove(batch);
    if (link.spared) endIfDone(this, link);
    this.report.roomMade();
  }

  private onReport(
    link: ThreadLink,
    cell: number,
    seq: number,
    index: number,
    deliver: (task: Task, by: AttemptOf) => void,
  ): void {
    const batch = link.batches[cell];
    if (batch === undefined || batch.seq !== seq) return;
    const task = batch.tasks[index] ?? batch.heldTask(index);
    if (task !== undefined) deliver(task, { agent: batch.agents[index], isOver: task.ended });
    batch.report(index);
    if (batch.done && link.batches[cell] === batch) this.closeBatch(link, batch);
  }

  /** A thread is dead. Each of its tasks gets its result, its failure, or its place in the queue back. */
  private buried(link: ThreadLink, cause: unknown): void {
    const picture = this.table.read(link.slot, this.picture);
    const cut = picture.started > picture.completed + picture.failed ? picture.cursor : -1;
    const { cell, batchSeq, startedAtMs } = picture;
    let { culprit } = link;
    for (const batch of link.batches) {
      if (batch === undefined) continue;
      batch.releaseHeld();
      if (batch.sync !== undefined) cutSync(batch);
      const isRunning = batch.cell === cell && batch.seq === batchSeq;
      // The last item that the thread took of a batch it was not done with.
      const taken = this.table.startedItems(link.slot, batch.cell);
      if (taken > 0 && batch.taken === undefined && !link.pardoned) culprit = batch.agents[taken - 1];
      this.bury(link, batch, isRunning ? cut : -1, startedAtMs, cause);
    }
    if (link.takenBecause === undefined) this.backoff.died(picture.completed);
    if (!this.closing) this.events.threadLost(link, culprit, cause);
    this.sync.shared.slotDied(link.slot);
    // It died before it had done all that it was to do before it goes.
    if (link.spared) this.pool.end(link.worker);
    this.table.release(link.slot);
    if (!this.closing) this.report.roomMade();
  }

  private bury(link: ThreadLink, batch: OpenBatch, cut: number, startedAtMs: number, cause: unknown): void {
    const nowMs = this.clock.now();
    this.takeBack(link, batch);
    for (let index = batch.end - 1; index >= 0; index--) {
      const task = batch.tasks[index];
      if (task === undefined) continue;
      const agent = batch.agents[index]!;
      if (task.ended) this.report.leftLane(task);
      // It was done, but its result went down with the thread: an idempotent task may run again.
      else if (index !== cut && agent.idempotent && !batch.moved) {
        // It has run: to be turned away for being late would say that it never did.
        task.patient = true;
        this.giveBack(task);
      } else this.report.failed(task, { code: 'WORKER_LOST', cause }, startedAtMs, nowMs);
    }
  }

  private giveBack(task: Task): void {
    if (task.stateCode === STATE.running) this.report.returned(task);
    else this.report.leftLane(task);
  }
}
