import { performance } from 'node:perf_hooks';
import type { Agent } from '../../src/contract/agent.ts';
import type { Engine } from '../../src/contract/engine.ts';
import type { FaultEnd } from '../../src/contract/fault.ts';
import type { TaskHandle } from '../../src/contract/handle.ts';
import type { Outcome } from '../../src/contract/outcome.ts';
import type { CountingLimit } from './counting-limit.ts';
import { ENDINGS, type Ending } from './kinds.ts';
import type { Ledger } from './ledger.js';
import type { ChaosLog } from './log.ts';
import { type ChaosPlan, digestOf, STREAM_TASKS, type TaskPlan } from './plan.ts';

/** Most tasks that have not ended; where the engine decides, so many that it turns some away, and not most. */
const WINDOW = { none: 1_500, adaptive: 600 } as const;
/** Tasks submitted in one go. */
const BURST = 150;
const STREAM_WINDOW = 200;
/** How many turns after its submission a task is cancelled, at most. */
const CANCEL_WITHIN = 4;
/** How often it is looked whether a task that is to hang has begun. */
const LOOK_EVERY_MS = 10;
const MOST_RETRY_AFTER_MS = 1_000;
/** Faults in place at once, at most. */
const MOST_DRILLS = 4;

export interface Driven {
  readonly engine: Engine;
  readonly plan: ChaosPlan;
  readonly latecomer: Agent;
  readonly log: ChaosLog;
  readonly limit: CountingLimit;
  readonly ledger: Ledger;
  /** How long nothing may end before the run is given up, in milliseconds. */
  readonly stuckMs: number;
  readonly progress: (ended: number) => void;
}

/** Submits every task of the plan, cancels what is to be cancelled, and writes down what comes of each. */
export class Drive {
  private readonly parts: Driven;
  private outstanding = 0;
  private ended = 0;
  private streams = 0;
  private turns = 0;
  /** To be cancelled, by the turn in which that is due. */
  private readonly cancels: {
    readonly plan: TaskPlan;
    readonly handle: TaskHandle;
    readonly turn: number;
  }[] = [];
  /** Those that hang until somebody cancels them. */
  private readonly stuck = new Map<number, TaskHandle>();
  /** Faults in place, by the burst that began them. */
  private readonly drills = new Map<number, { readonly end: FaultEnd; readonly untilEnded: number }>();
  private isLateThere = false;
  /** What ended a stream before its time. */
  private broken: unknown = undefined;
  /** How long those that were turned away are to stay away, in milliseconds. */
  private retryAfterMs = 0;
  readonly meddled = { bulkCancels: 0, faults: 0 };
  private wake: () => void = () => {};

  constructor(parts: Driven) {
    this.parts = parts;
  }

  /** Resolves when all have ended; with false if some never do. */
  async run(): Promise<boolean> {
    const { plan } = this.parts;
    for (let next = 0; next < plan.tasks; ) {
      if (!(await this.room())) return false;
      const from = next;
      if (from >= plan.lateFrom) await this.registerLate();
      this.drill(from);
      next = plan.isStreamed(from) ? this.stream(from) : this.burst(from);
      await this.turn();
      if (this.bulkCancel(from)) await this.turn();
    }
    while (this.outstanding > 0) if (!(await this.change())) return false;
    this.endDrills(Number.POSITIVE_INFINITY);
    return true;
  }

  private async registerLate(): Promise<void> {
    if (this.isLateThere) return;
    this.isLateThere = true;
    // A thread cannot load anything while a task hangs on it.
    const look = setInterval(() => this.cancelStuck(), LOOK_EVERY_MS);
    await this.parts.engine.register(this.parts.latecomer);
    clearInterval(look);
  }

  /** Begins the fault of a burst, if it has one. */
  private drill(burst: number): void {
    const { engine, log, plan } = this.parts;
    const drill = plan.drillAt(burst);
    if (drill === undefined || this.drills.size === MOST_DRILLS) return;
    log.drillBegan(burst);
    this.meddled.faults++;
    this.drills.set(burst, { end: engine.injectFault(drill.options), untilEnded: this.ended + drill.tasks });
  }

  private endDrills(ended: number): void {
    for (const [burst, { end, untilEnded }] of this.drills) {
      if (untilEnded > ended) continue;
      end();
      this.drills.delete(burst);
      this.parts.log.drillEnded(burst);
    }
  }

  /** Cancels whom the burst has cancelled; false if nobody. */
  private bulkCancel(burst: number): boolean {
    const { engine, log, plan } = this.parts;
    const bulk = plan.bulkAt(burst);
    if (bulk === undefined) return false;
    log.bulkCancelled(burst);
    log.granted(engine.cancel(bulk.filter).total);
    this.meddled.bulkCancels++;
    return true;
  }

  private burst(from: number): number {
    const { plan } = this.parts;
    // A burst ends where the latecomer has to be there.
    const until = Math.min(from < plan.lateFrom ? plan.lateFrom : plan.tasks, from + BURST);
    let task = from;
    for (; task < until && !plan.isStreamed(task); task++) this.submit(plan.planOf(task));
    return task;
  }

  private submit(plan: TaskPlan): void {
    const { engine, log, limit } = this.parts;
    const { task, kind, priority, tenant, tag } = plan;
    limit.refuses = plan.refused;
    log.submitted(task);
    this.outstanding++;
    const handle = engine.submit(kind.agent, plan.input, {
      priority,
      ...(tenant !== undefined && { tenant }),
      ...(tag !== undefined && { tags: [tag] }),
    });
    limit.refuses = false;
    void handle.outcome.then((outcome) => this.note(task, outcome));
    if (kind.death === 'stuck') this.stuck.set(task, handle);
    if (plan.cancels) this.cancels.push({ plan, handle, turn: this.turns + (task % CANCEL_WITHIN) });
  }

  /** Sends the rest of a block through one stream. */
  private stream(from: number): number {
    const { engine, plan } = this.parts;
    const until = Math.min(plan.tasks, (Math.floor(from / STREAM_TASKS) + 1) * STREAM_TASKS);
    const outcomes = engine.stream(plan.kindOf(from).agent, this.inputs(from, until), {
      ordered: true,
      window: STREAM_WINDOW,
    });
    this.streams++;
    const ended = () => {
      this.streams--;
      this.wake();
    };
    void this.consume(outcomes, from).then(ended, (error) => {
      this.broken ??= error;
      ended();
    });
    return until;
  }

  private *inputs(from: number, until: number): Iterable<unknown> {
    for (let task = from; task < until; task++) {
      this.parts.log.submitted(task);
      this.outstanding++;
      yield this.parts.plan.planOf(task).input;
    }
  }

  private async consume(outcomes: AsyncIterable<Outcome>, from: number): Promise<void> {
    let task = from;
    for await (const outcome of outcomes) this.note(task++, outcome);
  }

  private note(task: number, outcome: Outcome): void {
    const { attempts, status, timing } = outcome;
    const { waitMs, serviceMs } = timing;
    const digest = status === 'completed' ? digestOf(outcome.value) : 0;
    const failed = attempts.filter(({ error }) => error !== undefined).length;
    this.parts.log.ended(task, endingOf(outcome), digest, waitMs, serviceMs, attempts.length, failed);
    this.stuck.delete(task);
    if (outcome.status === 'rejected' && this.parts.plan.policy === 'adaptive')
      this.retryAfterMs = Math.min(
        MOST_RETRY_AFTER_MS,
        Math.max(this.retryAfterMs, outcome.error.retryAfterMs),
      );
    this.outstanding--;
    this.ended++;
    this.wake();
  }

  /** Waits until more may be submitted; false if nothing moves any more. */
  private async room(): Promise<boolean> {
    const most = WINDOW[this.parts.plan.policy];
    while (this.outstanding >= most || this.streams >= 2) if (!(await this.change())) return false;
    // Whoever was turned away comes back when he was told to, or all would be.
    const untilMs = performance.now() + this.retryAfterMs;
    this.retryAfterMs = 0;
    while (this.outstanding > 0 && performance.now() < untilMs) if (!(await this.change())) return false;
    return true;
  }

  /** Waits for an ending; false if none came for too long. */
  private async change(): Promise<boolean> {
    const before = this.ended;
    const streams = this.streams;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.parts.stuckMs);
    });
    const woken = new Promise<void>((resolve) => {
      this.wake = resolve;
    });
    // A thread tells nobody that it has begun a task that hangs; the ledger does.
    const look = setInterval(() => this.cancelStuck(), LOOK_EVERY_MS);
    await Promise.race([late, woken]);
    clearInterval(look);
    clearTimeout(timer);
    await this.turn();
    if (this.broken !== undefined) throw this.broken;
    return this.ended > before || this.streams !== streams;
  }

  /** Lets the event loop turn, and cancels what is due. */
  private async turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.turns++;
    this.parts.log.turned();
    this.endDrills(this.ended);
    this.cancelStuck();
    while (this.cancels.length > 0 && this.cancels[0]!.turn <= this.turns) {
      const { plan, handle } = this.cancels.shift()!;
      this.cancel(plan.task, handle);
    }
    this.parts.progress(this.ended);
  }

  private cancelStuck(): void {
    for (const [task, handle] of this.stuck) {
      if (this.parts.ledger.begun[task] === 0) continue;
      this.stuck.delete(task);
      this.cancel(task, handle);
    }
  }

  private cancel(task: number, handle: TaskHandle): void {
    this.parts.log.cancelled(task);
    if (handle.cancel()) this.parts.log.granted(1);
  }
}

function endingOf(outcome: Outcome): Ending {
  if (outcome.status !== 'failed') return outcome.status;
  return ENDINGS.find((ending) => ending === outcome.error.code) ?? 'another';
}
