import type { Engine } from '../../src/contract/engine.ts';
import type { TaskHandle } from '../../src/contract/handle.ts';
import type { Outcome } from '../../src/contract/outcome.ts';
import type { CountingLimit } from './counting-limit.ts';
import { ENDINGS, type Ending } from './kinds.ts';
import type { Ledger } from './ledger.js';
import type { ChaosLog } from './log.ts';
import { type ChaosPlan, digestOf, STREAM_TASKS, type TaskPlan } from './plan.ts';

/** Most tasks that have not ended. */
const WINDOW = 1_500;
/** Tasks submitted in one go. */
const BURST = 150;
const STREAM_WINDOW = 200;
/** How many turns after its submission a task is cancelled, at most. */
const CANCEL_WITHIN = 4;

export interface Driven {
  readonly engine: Engine;
  readonly plan: ChaosPlan;
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
  private wake: () => void = () => {};

  constructor(parts: Driven) {
    this.parts = parts;
  }

  /** Resolves when all have ended; with false if some never do. */
  async run(): Promise<boolean> {
    const { plan } = this.parts;
    for (let next = 0; next < plan.tasks; ) {
      if (!(await this.room())) return false;
      next = plan.isStreamed(next) ? this.stream(next) : this.burst(next);
      await this.turn();
    }
    while (this.outstanding > 0) if (!(await this.change())) return false;
    return true;
  }

  private burst(from: number): number {
    const { plan } = this.parts;
    const until = Math.min(plan.tasks, from + BURST);
    let task = from;
    for (; task < until && !plan.isStreamed(task); task++) this.submit(plan.planOf(task));
    return task;
  }

  private submit(plan: TaskPlan): void {
    const { engine, log, limit } = this.parts;
    const { task, kind, priority, tenant } = plan;
    limit.refuses = plan.refused;
    log.submitted(task);
    this.outstanding++;
    const handle = engine.submit(kind.agent, plan.input, {
      priority,
      ...(tenant !== undefined && { tenant }),
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
    void this.consume(outcomes, from).then(() => this.streamEnded());
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

  private streamEnded(): void {
    this.streams--;
    this.wake();
  }

  private note(task: number, outcome: Outcome): void {
    const { waitMs, serviceMs } = outcome.timing;
    const digest = outcome.status === 'completed' ? digestOf(outcome.value) : 0;
    this.parts.log.ended(task, endingOf(outcome), digest, waitMs, serviceMs);
    this.stuck.delete(task);
    this.outstanding--;
    this.ended++;
    this.wake();
  }

  /** Waits until more may be submitted; false if nothing moves any more. */
  private async room(): Promise<boolean> {
    while (this.outstanding >= WINDOW || this.streams >= 2) if (!(await this.change())) return false;
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
    const look = setInterval(() => this.cancelStuck(), 10);
    await Promise.race([late, woken]);
    clearInterval(look);
    clearTimeout(timer);
    await this.turn();
    return this.ended > before || this.streams !== streams;
  }

  /** Lets the event loop turn, and cancels what is due. */
  private async turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.turns++;
    this.cancelStuck();
    while (this.cancels.length > 0 && this.cancels[0]!.turn <= this.turns) {
      const { plan, handle } = this.cancels.shift()!;
      this.parts.log.cancelled(plan.task);
      handle.cancel();
    }
    this.parts.progress(this.ended);
  }

  private cancelStuck(): void {
    for (const [task, handle] of this.stuck) {
      if (this.parts.ledger.begun[task] === 0) continue;
      this.stuck.delete(task);
      this.parts.log.cancelled(task);
      handle.cancel();
    }
  }
}

function endingOf(outcome: Outcome): Ending {
  if (outcome.status !== 'failed') return outcome.status;
  return ENDINGS.find((ending) => ending === outcome.error.code) ?? 'another';
}
