import type { Clock } from '../contract/clock.ts';
import { SpillwayError } from '../contract/errors.ts';
import type { TaskOptions } from '../contract/handle.ts';
import { mayGoUnheard } from '../contract/rejected.ts';
import type { WorkflowResult } from '../contract/workflow.ts';
import type { AnyContext, Workflow } from '../contract/workflow-definition.ts';
import type { EventBody, WorkflowEvent } from '../contract/workflow-events.ts';
import { Compensation } from './compensation.ts';
import { Conditions } from './conditions.ts';
import { CriticalPath } from './critical-path.ts';
import { type Command, decide } from './decide.ts';
import type { ChildRun, Execution, RunPort } from './execution.ts';
import { Executions } from './executions.ts';
import type { Plan, PlanStep } from './plan.ts';
import { ReadyLine } from './ready-line.ts';
import { resultOf } from './result.ts';
import { RunLog } from './run-log.ts';
import type { RunParts } from './run-parts.ts';
import { Sender } from './sender.ts';
import { type Settleable, settleable } from './settleable.ts';
import type { RunState } from './state.ts';
import { contextOf, levelOf, taskOptionsOf } from './step-context.ts';

/**
 * Drives one run: commands become events, events change the state and are kept, and what the state then asks for is
 * done. A command that comes while another is worked off waits its turn.
 */
export class Run implements RunPort {
  readonly plan: Plan;
  readonly state: RunState;
  readonly clock: Clock;
  readonly sender: Sender;
  readonly criticalPath: CriticalPath;
  readonly #parts: RunParts;
  readonly #log: RunLog;
  readonly #executions: Executions;
  readonly #ready: ReadyLine;
  readonly #conditions: Conditions;
  readonly #compensation: Compensation;
  #commands: {
    readonly command: Command;
    readonly reject?: (error: unknown) => void;
    readonly resolve?: () => void;
  }[] = [];
  #isWorking = false;
  #broken: unknown;
  #ended: Settleable<WorkflowResult>;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#log = new RunLog(
      parts,
      () => this.#work(),
      (error) => this.#break(error),
    );
    this.plan = parts.plan;
    this.state = parts.state;
    this.clock = parts.clock;
    this.sender = new Sender(parts.engine, parts.clock);
    this.criticalPath = new CriticalPath(parts.plan);
    this.#executions = new Executions(this);
    this.#ready = new ReadyLine(parts.plan, parts.state, this.criticalPath);
    this.#conditions = new Conditions(this);
    this.#compensation = new Compensation(this);
    this.#ended = settleable();
    if (this.state.status === 'ended') this.#ended.resolve(resultOf(this.plan, this.state));
  }

  /** Called with what has happened, after it is kept. Returns what removes it. */
  listen(listener: (events: readonly WorkflowEvent[]) => void): () => void {
    return this.#log.listen(listener);
  }

  get ended(): Promise<WorkflowResult> {
    return this.#ended.promise;
  }

  wallNow(): number {
    return this.#parts.wallNow();
  }

  /** Writes the first event. */
  begin(input: unknown, forkOf?: string): void {
    const { workflow } = this.plan;
    const body: EventBody = {
      type: 'run-started',
      run: this.state.run,
      workflow: workflow.id,
      hash: workflow.hash,
      input,
      ...(forkOf !== undefined && { forkOf }),
    };
    this.#isWorking = true;
    try {
      this.#commit([body]);
    } finally {
      this.#isWorking = false;
    }
    this.#work();
  }

  /** Tells what the runner itself has seen. */
  command(command: Command): void {
    this.#commands.push({ command });
    this.#work();
  }

  /** What somebody asks for: resolves when it is kept, rejects if it is refused. */
  ask(command: Command): Promise<void> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    const { promise, resolve, reject } = settleable<void>();
    this.#commands.push({ command, resolve, reject });
    this.#work();
    return mayGoUnheard(promise);
  }

  /** Stops what runs of these steps; those that do not run are told at once. */
  async cancelSteps(steps: readonly number[], dependents: 'cancel' | 'reassign'): Promise<void> {
    for (const step of steps) {
      const execution = this.#executions.get(step);
      await this.ask({ type: 'cancel step', step, dependents });
      if (this.state.steps[step]!.status === 'running') execution?.stop(dependents, 'somebody asked for it');
    }
  }

  #work(): void {
    if (this.#isWorking || this.#log.isWriting || this.#broken !== undefined) return;
    this.#isWorking = true;
    try {
      while (!this.#log.isWriting) {
        const commands = this.#commands;
        if (commands.length > 0) {
          this.#commands = [];
          for (let at = 0; at < commands.length; at++) {
            const { command, resolve, reject } = commands[at]!;
            try {
              const bodies = decide(this.plan, this.state, command);
              if (bodies.length > 0) this.#commit(bodies);
              if (command.type === 'answer' && command.item !== undefined && 'retry' in command.answer) {
                this.#executions.get(command.step)?.tryAgain?.(command.item);
              }
            } catch (error) {
              if (reject === undefined) throw error;
              reject(error);
              continue;
            }
            resolve?.();
            if (this.#log.isWriting) {
              this.#commands = [...commands.slice(at + 1), ...this.#commands];
              return;
            }
          }
          continue;
        }
        this.#act();
        if (this.#commands.length === 0) return;
      }
    } catch (error) {
      this.#break(error);
    } finally {
      this.#isWorking = false;
    }
  }

  #commit(bodies: readonly EventBody[]): void {
    for (const event of this.#log.commit(bodies)) this.#follow(event);
  }

  /** What an event means for what is under way. */
  #follow(event: WorkflowEvent): void {
    switch (event.type) {
      case 'step-started': {
        const index = this.plan.indexOf.get(event.step)!;
        // It may have failed in the same breath.
        if (this.state.steps[index]!.status !== 'running') return;
        this.#executions.add(this.plan.steps[index]!, event.attempt);
        return;
      }
      case 'step-succeeded':
      case 'step-failed':
      case 'step-skipped':
      case 'step-cancelled':
      case 'step-parked':
      case 'step-retried': {
        const index = this.plan.indexOf.get(event.step)!;
        this.#executions.remove(index);
        if (event.type === 'step-retried') {
          this.#ready.addLater(index, this.clock, () => this.#work());
          return;
        }
        const now = this.state.steps[index]!;
        if (now.status === 'succeeded') this.criticalPath.measured(index, now.endedAtMs - now.startedAtMs);
        for (const next of this.plan.steps[index]!.neededBy) this.#ready.add(next);
        return;
      }
      case 'step-reopened':
      case 'run-restarted':
        this.#ready.addAll();
        if (this.state.status === 'running') this.#reopenResult();
        return;
      case 'run-ended':
        this.#ended.resolve(resultOf(this.plan, this.state));
        return;
      case 'run-resumed':
      case 'signal-received':
        this.#ready.addAll();
        this.#executions.stir();
        return;
    }
  }

  #reopenResult(): void {
    // A promise that was resolved stays; the next one to ask gets the new end.
    if (this.#ended.isSettled()) this.#ended = settleable();
  }

  /** Does what the state asks for. Commands that come of it wait. */
  #act(): void {
    const { state } = this;
    if (state.failing !== undefined) {
      const why = state.failing === 'failure' ? 'another step has failed' : 'the run was cancelled';
      this.#executions.stopAll('cancel', why);
      if (state.status === 'compensating') this.#compensation.advance();
      return;
    }
    if (state.status !== 'running') return;
    this.#executions.advance();
    while (this.#executions.hasPlace && this.#commands.length === 0) {
      const next = this.#ready.take();
      if (next === undefined) return;
      this.#conditions.ask(this.plan.steps[next]!);
    }
  }

  get mayStart(): boolean {
    return this.state.status === 'running' && this.state.failing === undefined;
  }

  takePlace(who: Execution): boolean {
    return this.#executions.takePlace(who);
  }

  givePlace(): void {
    this.#executions.givePlace();
    if (!this.#isWorking && (this.#executions.hasHungry || this.#ready.size > 0)) {
      this.clock.defer(() => this.#work());
    }
  }

  contextOf(step: PlanStep): AnyContext {
    return contextOf(this.plan, this.state, step);
  }

  taskOptionsOf(step: PlanStep): TaskOptions {
    return taskOptionsOf(this.plan, step, this.#parts.options);
  }

  /** The priority of a step's tasks, as a number. */
  levelOf(step: number): number {
    return levelOf(this.plan.steps[step]!, this.#parts.options);
  }

  startChild(workflow: Workflow, input: unknown, name: string): ChildRun {
    return this.#parts.startChild(workflow, input, `${this.state.run}/${name}`);
  }

  /** Something is wrong with us, or with the store: the run cannot go on here. Its events are as they are. */
  #break(error: unknown): void {
    if (this.#broken !== undefined) return;
    const why = error instanceof Error ? error.message : String(error);
    this.#broken =
      error instanceof SpillwayError
        ? error
        : new SpillwayError('WORKFLOW_STATE', `run "${this.state.run}" cannot go on: ${why}`, {
            cause: error,
          });
    this.#executions.disposeAll();
    for (const { reject } of this.#commands) reject?.(this.#broken);
    this.#commands = [];
    this.#ended.reject(this.#broken);
  }

  /** The engine closes: what runs may finish, nothing more is started. */
  stopForGood(): void {
    const { status } = this.state;
    if (status === 'running' || status === 'paused') this.command({ type: 'stop' });
    this.sender.close();
  }

  /** Nobody is interested any more in what runs. */
  abandon(why: SpillwayError): void {
    if (this.state.status !== 'ended') this.#break(why);
  }
}
