import type { Flow } from './admission/flow.ts';
import type { Gate } from './admission/gate.ts';
import { arePlainTaskOptions, checkOptions } from './contract/check-options.ts';
import type { Clock } from './contract/clock.ts';
import type { ReadyOptions } from './contract/engine.ts';
import { EngineClosedError, type OverloadError, TaskError } from './contract/errors.ts';
import type { TaskOptions } from './contract/handle.ts';
import { overloadError, queueFull, type Shed } from './contract/limit.ts';
import { PRIORITY_LEVELS, priorityLevel } from './contract/options.ts';
import type { OverflowEntry, OverflowPort } from './contract/overflow.ts';
import { Task } from './contract/task.ts';
import { TaskExtras } from './contract/task-extras.ts';
import { type OfWaiter, WAITER, type Waiter } from './contract/waiter.ts';
import type { RedrivePort, Resubmission } from './dead-letters/redrive.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import { keepInputs, validInput } from './dispatch/input.ts';
import type { LetterBox } from './dispatch/letter-box.ts';
import type { Overflow } from './dispatch/overflow.ts';
import type { Route } from './dispatch/route.ts';
import type { Settlement } from './dispatch/settlement.ts';
import { SignalHub } from './dispatch/signal-hub.ts';
import type { TaskDeadlines } from './dispatch/task-deadlines.ts';
import type { Ledger } from './resources/ledger.ts';
import type { Registry } from './supervisor/registry.ts';

/** What the way in leads past. */
export interface DoorParts {
  readonly clock: Clock;
  readonly gate: Gate;
  readonly registry: Registry;
  readonly dispatcher: Dispatcher;
  readonly settlement: Settlement;
  readonly deadlines: TaskDeadlines;
  readonly ledger: Ledger;
  readonly queueLimit: number;
  readonly overflow: Overflow | undefined;
  readonly letters: LetterBox;
  /** Whether each flow has a load of its own. */
  readonly isAdaptive: boolean;
}

/** The way in: checks what is asked for, asks the gate, makes the task and hands it on. */
export class Door {
  private readonly parts: DoorParts;
  private readonly signals = new SignalHub();
  private seq = 0;
  /** Set once: nothing comes in any more. */
  isClosed = false;

  constructor(parts: DoorParts) {
    this.parts = parts;
  }

  /** The number that was given to a task last. */
  get lastSeq(): number {
    return this.seq;
  }

  /** @throws EngineClosedError, or ConfigError for options that are wrong and targets that nobody serves. */
  route(target: unknown, options: TaskOptions | undefined): Route {
    if (this.isClosed) throw new EngineClosedError();
    if (options !== undefined && !arePlainTaskOptions(options)) checkOptions('task', options, 'task');
    return this.parts.registry.resolve(target);
  }

  /** `undefined` lets a task in, which then has to be admitted. */
  enter(route: Route, level: number, tenant: string | undefined, nowMs: number): Shed | undefined {
    const { gate, dispatcher, queueLimit } = this.parts;
    const { waiting } = dispatcher;
    if (waiting < queueLimit) return gate.enter(route.flow, level, tenant, nowMs);
    return queueFull(waiting / queueLimit);
  }

  /** Counts a task that is not let in, offers it to the overflow, and gives its error. */
  turnAway(
    shed: Shed,
    route: Route,
    input: unknown,
    level: number,
    options: TaskOptions | undefined,
  ): OverloadError {
    const { gate, overflow } = this.parts;
    gate.sheds.add(shed.reason);
    return overloadError(shed, overflow?.takeNew(route, input, level, options, shed.reason) ?? false);
  }

  /** @param payload what `validInput` made of the caller's input */
  makeTask(
    route: Route,
    input: unknown,
    payload: unknown,
    level: number,
    nowMs: number,
    options: TaskOptions | undefined,
  ): Task {
    const placed = this.parts.gate.wasPromoted(route.flow) ? PRIORITY_LEVELS.high : level;
    const task = new Task(route, ++this.seq, payload, placed, nowMs);
    if (route.hasSchema || placed !== level) {
      if (this.mayComeBack(route) || (route.hasSchema && route.hasFallback))
        task.more.asked = { input, level };
    }
    if (route.hasSchema) keepInputs(task);
    if (options !== undefined) keepOptions(task, options);
    return task;
  }

  /** Sends a task that was let in on its way. */
  admit(task: Task, route: Route, options: TaskOptions | undefined): void {
    const signal = options?.signal;
    if (signal?.aborted) {
      this.parts.settlement.cancel(task, 'cancelled', signal.reason, undefined);
      return;
    }
    const { ledger } = this.parts;
    if ((route.hasEstimates || ledger.hasBudgets) && !this.maySpend(task, route)) return;
    if (signal !== undefined) this.signals.watch(task, signal);
    this.parts.settlement.live.add(task);
    const { deadlines } = this.parts;
    if (options?.deadlineMs !== undefined) deadlines.watchOwn(task, options.deadlineMs);
    else if (route.deadlineMs !== undefined) deadlines.watch(task, route.deadlineMs);
    this.parts.dispatcher.enqueue(task, route);
  }

  /** Whether resources and budgets have room for the task, now or later. If not, it ends here. */
  private maySpend(task: Task, route: Route): boolean {
    const { ledger, settlement, clock } = this.parts;
    const refusal = ledger.admit(task, route.agents);
    if (refusal === undefined) return true;
    if ('shed' in refusal) settlement.shedNew(task, refusal.shed, clock.now());
    else settlement.failWaiting(task, new TaskError(refusal.code, task.id, undefined, refusal.message));
    return false;
  }

  /** The way back in for what has overflowed. */
  overflowPort(failed: (error: unknown) => void): OverflowPort {
    const { clock, gate, isAdaptive } = this.parts;
    const flowOf = (target: OverflowEntry['target']) => this.route(target, undefined).flow;
    return {
      clock,
      failed,
      submit: (entry) => {
        const task = this.resubmit(entry, undefined);
        if (task !== undefined) this.parts.overflow!.resubmitted++;
        return task?.outcome;
      },
      ready: async ({ target, priority }, signal) => this.room({ priority, signal }, flowOf(target)),
      load: (target) => {
        const flow = flowOf(target);
        return isAdaptive ? flow.station.pressure(clock.now()) : gate.load();
      },
    };
  }

  /** The way back in for dead letters. */
  get redrivePort(): RedrivePort {
    return {
      clock: this.parts.clock,
      submit: (entry, letter) => this.resubmit(entry, letter)?.outcome,
      ready: async ({ target, priority }, signal) =>
        this.room({ priority, ...(signal && { signal }) }, this.route(target, undefined).flow),
    };
  }

  private resubmit(entry: Resubmission, letter: string | undefined): Task | undefined {
    const { target, input, priority, tenant, timeoutMs, tags, workflow } = entry;
    const options: TaskOptions = {
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(tenant !== undefined && { tenant }),
      ...(tags !== undefined && { tags }),
      ...(workflow !== undefined && { workflow }),
    };
    const route = this.route(target, options);
    const payload = validInput(route, input);
    const nowMs = this.parts.clock.now();
    if (this.enter(route, priority, tenant, nowMs) !== undefined) return undefined;
    const task = this.makeTask(route, input, payload, priority, nowMs, options);
    // It was late once. It will not be shed for that again, and so cannot overflow again.
    task.patient = true;
    if (letter !== undefined) task.more.letter = letter;
    this.admit(task, route, undefined);
    return task;
  }

  /** Whether its tasks may have to be submitted again as their callers gave them. */
  private mayComeBack({ threads }: Route): boolean {
    const { overflow, letters } = this.parts;
    return overflow !== undefined || letters.keepsInputs(threads.agents.length > 0);
  }

  /** Resolves when a task of the flow would be let in; without a flow, a task for any agent. */
  async room(options: ReadyOptions, flow: Flow | undefined): Promise<void> {
    checkOptions('ready', options, 'ready');
    const level = priorityLevel(options.priority);
    const { signal } = options;
    const { gate } = this.parts;
    for (;;) {
      signal?.throwIfAborted();
      if (this.isClosed) throw new EngineClosedError();
      if (gate.hasRoom(level, flow)) return;
      await gate.change(level, flow, signal);
    }
  }
}

/** What a task needs of its options on its way. */
function keepOptions(task: Task, options: TaskOptions): void {
  const waiter = (options as Partial<OfWaiter>)[WAITER];
  if (waiter !== undefined && task.extras === undefined) {
    task.extras = sharedExtras(options, waiter);
    return;
  }
  const { timeoutMs, transfer, tenant, workflow, tags, retry, deadlineMs } = options;
  if (timeoutMs !== undefined) task.more.timeoutMs = timeoutMs;
  if (transfer !== undefined) task.more.transfer = transfer;
  if (tenant !== undefined) task.more.tenant = tenant;
  if (workflow !== undefined) task.more.workflow = workflow;
  if (waiter !== undefined) task.more.waiter = waiter;
  if (tags !== undefined) task.more.tags = [...tags];
  if (retry !== undefined) task.more.retry = retry;
  if (deadlineMs !== undefined) task.more.deadlineMs = deadlineMs;
}

/** The items of a map have the same options, which nobody changes. */
function sharedExtras(options: TaskOptions, waiter: Waiter): TaskExtras {
  if (waiter.shared !== undefined) return waiter.shared;
  const { timeoutMs, tenant, workflow } = options;
  const isShared = true;
  const tags = options.tags && [...options.tags];
  waiter.shared = Object.assign(new TaskExtras(), { isShared, timeoutMs, tenant, workflow, tags, waiter });
  return waiter.shared;
}
