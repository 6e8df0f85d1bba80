import type { Clock } from '../contract/clock.ts';
import type { SpillwayError } from '../contract/errors.ts';
import type { TaskOptions } from '../contract/handle.ts';
import type { OfWaiter } from '../contract/waiter.ts';
import type { WorkflowResult } from '../contract/workflow.ts';
import type { AnyContext } from '../contract/workflow-definition.ts';
import type { EventBody, WorkflowEvent } from '../contract/workflow-events.ts';
import type { CancelledSteps, Dependents } from '../contract/workflow-run.ts';
import { asSpillwayError } from './broken.ts';
import { cancelledOf, type Meant } from './cancelling.ts';
import { Children } from './children.ts';
import { Compensation } from './compensation.ts';
import { Conditions } from './conditions.ts';
import { mayControl } from './control.ts';
import { CriticalPath } from './critical-path.ts';
import { type Command, decide } from './decide.ts';
import type { ChildRun, ChildStart, Execution, RunPort } from './execution.ts';
import { Executions } from './executions.ts';
import { OrderLine } from './order-line.ts';
import type { Plan, PlanStep } from './plan.ts';
import { ReadyLine } from './ready-line.ts';
import { resultOf } from './result.ts';
import { RunLog } from './run-log.ts';
import type { RunParts } from './run-parts.ts';
import { Sender } from './sender.ts';
import { settleable } from './settleable.ts';
import type { RunState } from './state.ts';
import { contextOf, levelOf, taskOptionsOf } from './step-context.ts';

/**
 * Drives one run: commands become events, events change the state and are kept, and what the state then asks for is
 * done.
 */
export class Run implements RunPort {
  readonly plan: Plan;
  readonly state: RunState;
  readonly clock: Clock;
  readonly wallNow: () => number;
  readonly sender: Sender;
  readonly criticalPath: CriticalPath;
  readonly #parts: RunParts;
  readonly #log: RunLog;
  readonly #executions: Executions;
  readonly #ready: ReadyLine;
  readonly #conditions: Conditions;
  readonly #compensation: Compensation;
  readonly #orders: OrderLine;
  readonly children = new Children(() => this.#isClosing || this.isBroken);
  #broken: SpillwayError | undefined;
  #isClosing = false;
  /** Told to close, it has nothing under way any more. */
  readonly closed = settleable<void>();
  #ended = settleable<WorkflowResult>();

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#orders = new OrderLine({
      isHeld: () => this.#log.isWriting,
      rest: () => this.#act(),
      failed: (error) => this.#break(error),
    });
    const work = (): void => this.#orders.work();
    this.#log = new RunLog(parts, work, (error) => this.#break(error));
    this.plan = parts.plan;
    this.state = parts.state;
    this.clock = parts.clock;
    this.wallNow = parts.wallNow;
    this.sender = new Sender(parts.engine, parts.clock);
    this.criticalPath = new CriticalPath(parts.plan, (target) => this.sender.serviceMs(target));
    this.#executions = new Executions(this, parts.kept);
    this.#ready = new ReadyLine(this, work);
    this.#conditions = new Conditions(this, (step) => this.#ready.addAnew(step));
    this.#compensation = new Compensation(this);
    const tellEnd = (): void => {
      if (this.state.status === 'ended') this.#ended.resolve(resultOf(this.plan, this.state));
    };
    tellEnd();
    this.listen(tellEnd);
  }

  /** Called with what has happened, after it is kept. Returns what removes it. */
  listen(listener: (events: readonly WorkflowEvent[]) => void): () => void {
    return this.#log.listen(listener);
  }

  get ended(): Promise<WorkflowResult> {
    return this.#ended.promise;
  }

  /** How many events are kept: all but those that are being written. */
  get kept(): number {
    return this.#log.kept;
  }

  get isBroken(): boolean {
    return this.#broken !== undefined;
  }

  /** Writes the first events. */
  begin(first: readonly EventBody[]): void {
    this.#orders.push(() => this.#commit(first));
  }

  /** Tells what the runner itself has seen. */
  command(command: Command): void {
    this.#orders.push(() => this.#decide(command));
  }

  /** What somebody asks for: resolves when it has become events, rejects if it is refused. */
  ask(command: Command): Promise<void> {
    return this.#orders.ask(() => this.#decide(command));
  }

  /** Calls `look` when it is its turn, with a state that is kept as it is. */
  inOrder<T>(look: () => T): Promise<T> {
    return this.#orders.ask(look);
  }

  /** Stops what runs of these steps and items; those that do not run are told at once. */
  cancelSteps({ steps, items }: Meant, dependents: Dependents): Promise<CancelledSteps> {
    return this.inOrder(() => {
      const { plan, state } = this;
      mayControl('cancel steps', state.status, state.run);
      const told = cancelledOf(plan, state, steps, dependents);
      const bodies = steps.flatMap((step) => decide(plan, state, { type: 'cancel step', step, dependents }));
      const running = steps.filter((step) => state.steps[step]!.status === 'running');
      if (bodies.length > 0) this.#commit(bodies);
      for (const step of running) this.#executions.stop(step, dependents, 'somebody asked for it');
      let count = told.items;
      for (const [step, of] of items) count += this.#executions.get(step)?.cancelItems?.(of) ?? 0;
      return { ...told, items: count };
    });
  }

  #decide(command: Command): void {
    const bodies = decide(this.plan, this.state, command);
    if (bodies.length > 0) this.#commit(bodies);
    if (command.type === 'answer' && command.item !== undefined && 'retry' in command.answer) {
      this.#executions.get(command.step)?.tryAgain?.(command.item);
    }
  }

  #commit(bodies: readonly EventBody[]): void {
    try {
      for (const event of this.#log.commit(bodies)) this.#mind(event);
    } catch (error) {
      // The state has gone on and the store has not, whoever asked for it.
      this.#break(error);
      throw error;
    }
  }

  /** What an event means for what is under way. */
  #mind(event: WorkflowEvent): void {
    this.children.mind(event);
    const index = 'step' in event ? this.plan.indexOf.get(event.step)! : -1;
    switch (event.type) {
      case 'step-started':
        // It may have failed in the same breath.
        if (this.state.steps[index]!.status !== 'running') return;
        this.#executions.add(this.plan.steps[index]!, event.attempt);
        return;
      case 'step-succeeded':
      case 'step-failed':
      case 'step-skipped':
      case 'step-cancelled':
      case 'step-parked':
      case 'step-retried': {
        this.#executions.remove(index);
        this.#ready.forget(index);
        const now = this.state.steps[index]!;
        if (now.status === 'succeeded') this.criticalPath.measured(index, now.endedAtMs - now.startedAtMs);
        if (now.status === 'waiting') this.#ready.add(index);
        else this.#ready.addAfter(index);
        return;
      }
      case 'turn-ended':
        this.#executions.wakeLater(index, () => this.#orders.work());
        return;
      case 'step-reopened':
        this.#ready.addAll();
        // A promise that was resolved stays; the next one to ask gets the new end.
        if (this.state.status === 'running' && this.#ended.isSettled()) this.#ended = settleable();
        return;
      case 'step-kept':
        this.#ready.addAfter(index);
        return;
      case 'run-restarted':
      case 'run-resumed':
      case 'signal-received':
        if (event.type === 'run-restarted') this.#executions.restart();
        this.#ready.addAll();
        this.#executions.stir();
        return;
    }
  }

  /** Does what the state asks for. Commands that come of it wait. */
  #act(): void {
    const { state } = this;
    if (state.failing !== undefined) {
      const why = state.failing === 'failure' ? 'another step has failed' : 'the run was cancelled';
      this.#executions.stopAll('cancel', why);
      if (state.status === 'compensating') this.#compensation.advance();
      this.#whenIdle();
      return;
    }
    if (!this.mayStart) {
      this.#executions.startAdded();
      this.#whenIdle();
      return;
    }
    this.#executions.advance();
    while (this.#executions.hasPlace && this.#orders.isEmpty) {
      const next = this.#ready.take();
      if (next === undefined) return;
      this.#conditions.ask(this.plan.steps[next]!);
    }
  }

  /** A stop has come to its end, or a close, once nothing is under way. */
  #whenIdle(): void {
    const { dropped } = this.sender;
    if (!this.#orders.isEmpty || this.#executions.areBusy) return;
    const under = this.#executions.running + this.#compensation.running;
    if (under > dropped + this.children.atRest) return;
    // What was dropped is not finished: it is still running when the run goes on elsewhere.
    if (this.state.status === 'stopping' && dropped === 0) this.command({ type: 'idle' });
    else if (this.#isClosing) this.closed.resolve();
  }

  get mayStart(): boolean {
    return this.state.status === 'running' && this.state.failing === undefined && !this.#isClosing;
  }

  takePlace(who: Execution): boolean {
    return this.#executions.takePlace(who);
  }

  givePlace(): void {
    this.#executions.givePlace();
    const mayGoOn = this.#executions.hasHungry || this.#ready.size > 0;
    if (!this.#orders.isWorking && (mayGoOn || !this.mayStart)) {
      this.clock.defer(() => this.#orders.work());
    }
  }

  contextOf(step: PlanStep): AnyContext {
    return contextOf(this.plan, this.state, step);
  }

  taskOptionsOf(step: PlanStep): TaskOptions & OfWaiter {
    return taskOptionsOf(this, step, this.#parts.options);
  }

  levelOf(step: number): number {
    return levelOf(this.plan.steps[step]!, this.#parts.options);
  }

  startChild(start: ChildStart): ChildRun {
    const { run, status } = this.state;
    const atRest = (): void => this.#orders.work();
    const child = this.#parts.startChild({ ...start, id: `${run}/${start.name}`, atRest });
    return this.children.add(child, start.name, status);
  }

  /** The engine closes: what runs may finish, nothing more is started. Resolves when nothing is under way. */
  close(): Promise<void> {
    if (this.#broken !== undefined || this.state.status === 'ended') return Promise.resolve();
    this.#isClosing = true;
    this.sender.close();
    this.#compensation.close();
    // What waits before it may end the run.
    this.#orders.push(() => {
      if (this.state.status === 'running' && this.state.failing === undefined) this.#decide({ type: 'stop' });
    });
    return this.closed.promise;
  }

  /** It does not go on here. Its events are as they are. */
  abandon(why: SpillwayError): void {
    if (this.state.status === 'ended') this.#orders.close(why);
    else this.#break(why);
  }

  /** Something is wrong with us, or with the store: the run cannot go on here. Its events are as they are. */
  #break(error: unknown): void {
    if (this.#broken !== undefined) return;
    this.#broken = asSpillwayError(this.state.run, error);
    this.#executions.disposeAll();
    this.#ready.close();
    this.#compensation.close();
    this.sender.close();
    this.#orders.close(this.#broken);
    this.closed.resolve();
    this.#ended.reject(this.#broken);
    this.#log.wake();
  }
}
