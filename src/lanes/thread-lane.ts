import type { ResourceLimits, Worker } from 'node:worker_threads';
import type { Clock } from '../contract/clock.ts';
import { HandlerLoadError } from '../contract/errors.ts';
import { FrameReader } from '../contract/frame-reader.ts';
import { type AgentRef, STATE, type Task } from '../contract/task.ts';
import { describeThrown, fromWire } from '../contract/thrown.ts';
import type { BatchMessage, Hello, Reply, ThreadReports, WireThrown } from '../contract/wire.ts';
import { createLoadTable } from '../load-table/layout.ts';
import { emptyPicture, LoadTableReader, type SlotPicture } from '../load-table/reader.ts';
import { type BatchBounds, BatchDraft } from './batch-draft.ts';
import type { Failure, LaneReport } from './lane.ts';
import { OpenBatch } from './open-batch.ts';
import { ThreadLink } from './thread-link.ts';
import { ThreadPool } from './thread-pool.ts';

/** An agent whose handler is a module that threads import. */
export interface ThreadAgentRef extends AgentRef {
  readonly module: string;
  readonly exportName: string;
}

export interface ThreadLaneOptions extends BatchBounds {
  readonly count: number;
  readonly resourceLimits?: ResourceLimits;
}

/** What the lane tells the supervisor beside the reports of every lane. */
export interface ThreadEvents {
  /** A batch was handed to a thread. */
  posted(): void;
  threadReady(link: ThreadLink): void;
  /** `culprit` is the agent whose task ran when the thread died. */
  threadLost(link: ThreadLink, culprit: AgentRef | undefined, cause: unknown): void;
}

/** One batch runs, one waits behind it and hides the round trip; the others are taken back and not answered yet. */
const OPEN_PER_THREAD = 2;
const CELLS = 4;
/** Slots beyond the threads, for those that start while dead ones are being cleared. */
const SPARE_SLOTS = 4;
/**
 * While tasks of one agent follow each other, a second batch is sent ahead however long the first takes. Where agents
 * mix, short tasks must not be sent behind long ones: they wait in the queue for whichever thread is free first.
 */
const MIXED_MEMORY_MS = 100;
/** A batch that runs for so many quanta sends what is done before going on. */
const FLUSH_QUANTA = 2;
const HEAP_EVERY_MS = 1_000;
const MAX_FAILED_STARTS = 3;

/** Runs attempts on worker threads, in batches, on the thread that the load table shows to be least loaded. */
export class ThreadLane {
  readonly table: LoadTableReader;
  readonly links = new Map<number, ThreadLink>();
  /** The least loaded threads are found among these. */
  private ready: ThreadLink[] = [];
  private readonly agents = new Map<number, ThreadAgentRef>();
  private readonly clock: Clock;
  private readonly report: LaneReport;
  private readonly events: ThreadEvents;
  private readonly pool: ThreadPool;
  private readonly quantumMs: number;
  private readonly picture: SlotPicture = emptyPicture(0);
  readonly draft: BatchDraft;
  private batchSeq = 0;
  private lastAgent: AgentRef | undefined = undefined;
  /** When tasks of different agents last followed each other. */
  private mixedAtMs = Number.NEGATIVE_INFINITY;
  private closing = false;
  /** What no thread could load, by agent id. */
  private readonly loadErrors = new Map<number, HandlerLoadError>();
  private readonly firstReady: Promise<void>;
  private onFirstReady!: () => void;
  private onNeverReady!: (error: unknown) => void;
  private failedStarts = 0;

  constructor(options: ThreadLaneOptions, clock: Clock, report: LaneReport, events: ThreadEvents) {
    const table = createLoadTable({
      slots: Math.min(1_024, options.count + SPARE_SLOTS),
      cellsPerSlot: CELLS,
      batchTasks: options.maxTasks,
    });
    this.table = new LoadTableReader(table);
    this.clock = clock;
    this.report = report;
    this.events = events;
    this.quantumMs = options.quantumMs;
    this.draft = new BatchDraft(options);
    this.firstReady = new Promise((resolve, reject) => {
      this.onFirstReady = resolve;
      this.onNeverReady = reject;
    });
    // Whoever adds an agent sees it; with no agent there is nobody to tell.
    this.firstReady.catch(() => undefined);
    this.pool = new ThreadPool(
      {
        count: options.count,
        batchesPerThread: CELLS,
        ...(options.resourceLimits && { resourceLimits: options.resourceLimits }),
      },
      { table, flushAfterMs: FLUSH_QUANTA * options.quantumMs, heapEveryMs: HEAP_EVERY_MS },
      {
        hello: (hello, worker) => void this.welcome(hello, worker),
        reply: (reply) => this.receive(reply),
        failed: (message, error) => this.sendFailed(message, error),
        broken: (error) => this.startFailed(error),
      },
    );
  }

  /** Threads that take work. */
  get readyThreads(): number {
    return this.ready.length;
  }

  /**
   * Loads an agent's handler on every thread that is up, and from now on on every new one. Resolves when all have it;
   * if none is up yet, when the first one has it.
   * @throws HandlerLoadError if a thread cannot load it; Error if no thread can be started.
   */
  async addAgent(agent: ThreadAgentRef): Promise<void> {
    this.agents.set(agent.id, agent);
    await Promise.all(this.ready.map((link) => this.load(link, agent)));
    if (this.ready.length === 0) await this.firstReady;
    const error = this.loadErrors.get(agent.id);
    if (error !== undefined) throw error;
  }

  removeAgent(agent: AgentRef): void {
    this.agents.delete(agent.id);
    this.loadErrors.delete(agent.id);
    for (const link of this.ready) link.control.unload(agent.id).catch(() => undefined);
  }

  /** The thread that should get the next batch, or `undefined` if all have enough. */
  pick(nowMs: number): ThreadLink | undefined {
    let best: ThreadLink | undefined;
    let bestMs = Number.POSITIVE_INFINITY;
    const aheadMs = nowMs - this.mixedAtMs > MIXED_MEMORY_MS ? Number.POSITIVE_INFINITY : this.quantumMs;
    for (const link of this.ready) {
      if (link.open >= OPEN_PER_THREAD || link.freeCell() < 0) continue;
      const remainingMs = link.open === 0 ? -1 : this.remainingMs(link, nowMs);
      if (remainingMs < bestMs && remainingMs <= aheadMs) {
        best = link;
        bestMs = remainingMs;
      }
    }
    return best;
  }

  /**
   * Takes back batches that wait behind a long one, where they keep their tasks from something better: a thread
   * stands idle, or a task of a higher priority than theirs came. Returns whether anything came back.
   */
  reclaim(headLevel: number, nowMs: number): boolean {
    let idle = false;
    for (const link of this.ready) idle ||= link.open === 0;
    let any = false;
    for (const link of this.ready) {
      if (link.open < OPEN_PER_THREAD || this.remainingMs(link, nowMs) <= this.quantumMs) continue;
      for (const batch of link.batches) {
        if (batch === undefined || batch.end === 0 || this.table.startedItems(link.slot, batch.cell) > 0)
          continue;
        if (idle || batch.level < headLevel) any = this.takeBack(link, batch) > 0 || any;
      }
    }
    return any;
  }

  /** Takes back what waits behind a task that runs far longer than expected. Returns whether anything came back. */
  relieve(nowMs: number): boolean {
    let any = false;
    for (const link of this.ready) {
      if (link.open === 0) continue;
      const running = this.running(link);
      if (running === undefined) continue;
      const expectedMs = running.batch.agents[running.index]!.expectedMs;
      if (nowMs - running.startedAtMs <= Math.max(2 * this.quantumMs, 4 * expectedMs)) continue;
      for (const batch of link.batches) if (batch !== undefined) any = this.takeBack(link, batch) > 0 || any;
    }
    return any;
  }

  /** Sends the draft. */
  post(link: ThreadLink, nowMs: number): void {
    const { draft } = this;
    const { expectedMs } = draft;
    const { frame, tasks, agents } = draft.take();
    const cell = link.freeCell();
    if (agents[0] !== this.lastAgent || agents.at(-1) !== this.lastAgent) {
      if (this.lastAgent !== undefined) this.mixedAtMs = nowMs;
      this.lastAgent = agents.at(-1);
    }
    const batch = new OpenBatch(link, cell, ++this.batchSeq, tasks, agents, expectedMs, nowMs);
    const heads = new Float64Array(2 * tasks.length);
    for (let i = 0; i < tasks.length; i++) {
      heads[2 * i] = agents[i]!.id;
      heads[2 * i + 1] = tasks[i]!.seq;
      tasks[i]!.place = batch;
    }
    link.add(batch);
    this.events.posted();
    this.table.openCell(link.slot, cell, tasks.length);
    const raw = frame === undefined ? tasks[0]!.payload : undefined;
    const transfer = frame === undefined ? tasks[0]!.extras?.transfer : undefined;
    this.pool.send(
      link.threadId,
      { slot: link.slot, cell, batch: batch.seq, count: tasks.length, heads, frame, raw },
      transfer,
    );
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

  /** Takes back, in their order, all tasks of a batch that have not started. */
  takeBack(link: ThreadLink, batch: OpenBatch): number {
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
  ): { task: Task; batch: OpenBatch; index: number; startedAtMs: number } | undefined {
    const picture = this.table.read(link.slot, this.picture);
    const batch = link.batches[picture.cell];
    if (batch === undefined || batch.seq !== picture.batchSeq) return undefined;
    if (picture.started === picture.completed + picture.failed) return undefined;
    const task = batch.tasks[picture.cursor];
    if (task === undefined) return undefined;
    return { task, batch, index: picture.cursor, startedAtMs: picture.startedAtMs };
  }

  /** Takes a task that was cancelled off its thread (`batch` is the place it had): back, if it has not started; otherwise it is asked to stop. */
  stop(task: Task, batch: object | undefined, reason: string): void {
    if (!(batch instanceof OpenBatch) || batch.link.state === 'dead') return;
    const index = batch.tasks.indexOf(task);
    this.takeBack(batch.link, batch);
    if (index >= 0 && index < batch.end) this.requestStop(batch.link, batch, index, reason);
  }

  /** Asks a running task to stop: sets the word that `ctx.cancelled` reads, and aborts `ctx.signal`. */
  requestStop(link: ThreadLink, batch: OpenBatch, index: number, reason: string): void {
    this.table.requestCancel(link.slot, batch.cell, index);
    link.control.cancel(batch.cell, batch.seq, index, reason).catch(() => undefined);
  }

  /** Every task on a thread, started or not. */
  runningTasks(): Task[] {
    const batches = [...this.links.values()].flatMap((link) => link.batches);
    const tasks = batches.flatMap((batch) => batch?.tasks.slice(0, batch.end) ?? []);
    return tasks.filter((task) => task !== undefined);
  }

  /** Ends a thread at once; its tasks are seen to when it is dead. */
  terminate(link: ThreadLink): void {
    void link.worker.terminate();
  }

  async close(): Promise<void> {
    this.closing = true;
    await this.pool.destroy();
  }

  private async welcome(hello: Hello, worker: Worker): Promise<void> {
    const reports: ThreadReports = {
      progress: (cell, batch, index, fraction) =>
        this.onReport(link, cell, batch, index, 'progress', fraction),
      partial: (cell, batch, index, part) => this.onReport(link, cell, batch, index, 'partial', part),
    };
    const link = new ThreadLink(hello, worker, CELLS, reports);
    let deathCause: unknown;
    worker.once('error', (error) => {
      deathCause = error;
    });
    worker.once('exit', (code) =>
      this.buried(link, deathCause ?? new Error(`the thread exited with code ${code}`)),
    );
    this.links.set(link.slot, link);
    const loaded = new Set<number>();
    // Agents may be added while others load.
    for (let missing = this.missing(loaded); missing.length > 0; missing = this.missing(loaded)) {
      await Promise.all(
        missing.map(async (agent) => {
          loaded.add(agent.id);
          await this.load(link, agent);
        }),
      );
    }
    if (link.state === 'dead') return;
    link.state = 'ready';
    this.ready.push(link);
    this.onFirstReady();
    this.events.threadReady(link);
    this.report.roomMade();
  }

  /** Threads that die before their first word would be replaced for ever. */
  private startFailed(error: unknown): void {
    if (this.links.size > 0 || ++this.failedStarts < MAX_FAILED_STARTS) return;
    this.onNeverReady(new Error('worker threads cannot be started', { cause: error }));
    void this.close();
  }

  private missing(loaded: ReadonlySet<number>): ThreadAgentRef[] {
    return [...this.agents.values()].filter((agent) => !loaded.has(agent.id));
  }

  private async load(link: ThreadLink, agent: ThreadAgentRef): Promise<void> {
    const { id, name, module, exportName } = agent;
    try {
      const loading = link.control.load(id, name, module, exportName) as Promise<WireThrown | undefined>;
      const failure = await link.during(loading);
      if (failure === undefined) return;
      this.loadErrors.set(id, new HandlerLoadError(name, module, exportName, fromWire(failure)));
    } catch (error) {
      this.loadErrors.set(id, new HandlerLoadError(name, module, exportName, error));
    }
  }

  private receive(reply: Reply): void {
    const link = this.links.get(reply.slot);
    const batch = link?.batches[reply.cell];
    if (link === undefined || batch === undefined || batch.seq !== reply.batch) return;
    if (reply.misrouted) {
      this.takeBack(link, batch);
      batch.taken = 0;
    } else {
      this.settleResults(link, batch, reply);
      if (reply.taken !== undefined) batch.taken = reply.taken;
    }
    if (batch.done) {
      link.remove(batch);
      this.report.roomMade();
    }
  }

  private settleResults(link: ThreadLink, batch: OpenBatch, reply: Reply): void {
    const reader = reply.frame === undefined ? undefined : new FrameReader(reply.frame);
    const timeline = this.table.timeline(link.slot, batch.cell);
    const { from, count, failed, reported } = reply;
    let nextFailed = 0;
    for (let i = 0; i < count; i++) {
      const index = from + i;
      const value = reader === undefined ? reply.raw : reader.next();
      const isFailed = failed !== undefined && failed[nextFailed] === index;
      if (isFailed) nextFailed++;
      const task = batch.tasks[index]!;
      batch.tasks[index] = undefined;
      batch.received++;
      const startedAtMs = timeline[index]!;
      const endedAtMs = timeline[index + 1]!;
      if (reported === undefined) {
        this.settle(task, value, isFailed, startedAtMs, endedAtMs);
        continue;
      }
      batch.settleAfterReports(task, index, reportsOf(reported, index), () =>
        this.settle(task, value, isFailed, startedAtMs, endedAtMs),
      );
    }
  }

  private settle(
    task: Task,
    value: unknown,
    isFailed: boolean,
    startedAtMs: number,
    endedAtMs: number,
  ): void {
    if (task.ended) this.report.leftLane(task, startedAtMs, endedAtMs);
    else if (isFailed) this.report.failed(task, toFailure(value as WireThrown), startedAtMs, endedAtMs);
    else this.report.completed(task, value, startedAtMs, endedAtMs);
  }

  private onReport(
    link: ThreadLink,
    cell: number,
    seq: number,
    index: number,
    event: 'progress' | 'partial',
    value: unknown,
  ): void {
    const batch = link.batches[cell];
    if (batch === undefined || batch.seq !== seq) return;
    const task = batch.tasks[index] ?? batch.heldTask(index);
    if (task !== undefined && !task.ended) task.target.owner.notify(task, event, value as never);
    batch.report(index);
    if (batch.done && link.batches[cell] === batch) {
      link.remove(batch);
      this.report.roomMade();
    }
  }

  /** Only a payload that cannot be sent ends here with its thread alive; the dead are seen to when they are buried. */
  private sendFailed(message: BatchMessage, error: unknown): void {
    const link = this.links.get(message.slot);
    const batch = link?.batches[message.cell];
    if (link === undefined || batch === undefined || batch.seq !== message.batch || !isSendError(error))
      return;
    link.remove(batch);
    const nowMs = this.clock.now();
    const task = batch.tasks[0]!;
    if (task.ended) this.report.leftLane(task, nowMs, nowMs);
    else this.report.failed(task, { code: 'INPUT_NOT_CLONEABLE', cause: error }, nowMs, nowMs);
    this.report.roomMade();
  }

  /** A thread is dead. Each of its tasks gets its result, its failure, or its place in the queue back. */
  private buried(link: ThreadLink, cause: unknown): void {
    const picture = this.table.read(link.slot, this.picture);
    const cut = picture.started > picture.completed + picture.failed ? picture.cursor : -1;
    const { cell, batchSeq, cursor, startedAtMs } = picture;
    link.state = 'dead';
    this.links.delete(link.slot);
    this.ready = this.ready.filter((other) => other !== link);
    let culprit: AgentRef | undefined;
    for (const batch of link.batches) {
      if (batch === undefined) continue;
      batch.releaseHeld();
      const isRunning = batch.cell === cell && batch.seq === batchSeq;
      if (isRunning) culprit = batch.agents[cursor];
      this.bury(link, batch, isRunning ? cut : -1, startedAtMs, cause);
    }
    this.events.threadLost(link, culprit, cause);
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
      if (task.ended) this.report.leftLane(task, startedAtMs, nowMs);
      // It was done, but its result went down with the thread: an idempotent task may run again.
      else if (index !== cut && agent.idempotent) this.giveBack(task);
      else this.report.failed(task, { code: 'WORKER_LOST', cause }, startedAtMs, nowMs);
    }
  }

  private giveBack(task: Task): void {
    if (task.stateCode === STATE.running) this.report.returned(task);
    else this.report.leftLane(task, 0, 0);
  }
}

/** How many reports the handler of a task sent, from pairs of index and count. */
function reportsOf(pairs: readonly number[], index: number): number {
  for (let i = 0; i < pairs.length; i += 2) if (pairs[i] === index) return pairs[i + 1]!;
  return 0;
}

function toFailure(wire: WireThrown): Failure {
  const ours = wire.kind === 'error' ? wire.failure : undefined;
  return { code: ours ?? 'HANDLER_FAILED', cause: fromWire(wire) };
}

function isSendError(error: unknown): boolean {
  if (error instanceof DOMException && error.name === 'DataCloneError') return true;
  const code = String((error as { code?: unknown } | null)?.code ?? '');
  return code.includes('TRANSFER') || /could not be cloned/.test(describeThrown(error));
}
