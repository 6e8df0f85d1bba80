import type { Agent } from '../contract/agent.ts';
import type { Clock } from '../contract/clock.ts';
import { EngineClosedError, SpillwayError } from '../contract/errors.ts';
import type { EventStore } from '../contract/event-store.ts';
import { describe } from '../contract/option-issue.ts';
import type { StartOptions, WorkflowResult } from '../contract/workflow.ts';
import { type StepDefinition, WORKFLOW_DEFAULTS, type Workflow } from '../contract/workflow-definition.ts';
import type { WorkflowEvent } from '../contract/workflow-events.ts';
import { aggregateAgent } from './aggregate-agent.ts';
import { checkAgents, isWorkflow } from './check-definition.ts';
import { stateBefore } from './evolve.ts';
import type { ChildRun } from './execution.ts';
import { AGGREGATE_AGENT } from './fold-plan.ts';
import { isPromise } from './perform.ts';
import { planOf } from './plan.ts';
import { Run } from './run.ts';
import { RunHandle } from './run-handle.ts';
import type { WorkflowEngine } from './sender.ts';
import { stableHash } from './stable-hash.ts';

export interface RunsParts {
  readonly engine: WorkflowEngine;
  readonly store: EventStore<WorkflowEvent>;
  readonly clock: Clock;
  readonly wallNow: () => number;
  /** The agents that are registered now. */
  readonly agents: () => readonly Agent[];
  /** Adds an agent of ours. */
  readonly register: (agent: Agent) => Promise<unknown>;
}

interface Known {
  readonly run: Run;
  readonly handle: RunHandle;
  readonly hash: string;
  readonly inputHash: string;
}

/** The runs of one engine, by their ids. */
export class Runs {
  readonly #parts: RunsParts;
  readonly #known = new Map<string, Known>();
  /** Ids of runs that have ended, oldest first. */
  readonly #ended: string[] = [];
  readonly #definitions = new Map<string, Workflow>();
  #aggregating: Promise<unknown> | undefined;
  #count = 0;
  #isClosed = false;

  constructor(parts: RunsParts) {
    this.#parts = parts;
  }

  /**
   * Starts a run, or gives the one of that id.
   * @throws SpillwayError `WORKFLOW_CONFLICT` if there is one of that id with another definition or input,
   * `WORKFLOW_INVALID` for agents that are not registered, and for another definition of the same id
   */
  async start(workflow: Workflow, input: unknown, options: StartOptions = {}): Promise<RunHandle> {
    if (this.#isClosed) throw new EngineClosedError();
    const { handle } = await this.#start(workflow, input, options);
    return handle;
  }

  /** The run of that id, if it is known. */
  get(id: string): RunHandle | undefined {
    return this.#known.get(id)?.handle;
  }

  async #start(workflow: Workflow, given: unknown, options: StartOptions, path?: string): Promise<Known> {
    if (!isWorkflow(workflow)) {
      throw new SpillwayError(
        'WORKFLOW_INVALID',
        `start: expected a workflow that was built, got ${describe(workflow)}`,
      );
    }
    this.#checkDefinition(workflow);
    if (workflow.steps.some(aggregatesOnThreads)) await this.#aggregator();
    const input = await checkedInput(workflow, given);
    const inputHash = stableHash(input);
    const id =
      path === undefined
        ? (options.id ?? this.#newId(workflow.id))
        : this.#childId(path, workflow, inputHash);
    const known = this.#known.get(id);
    if (known !== undefined) return same(known, workflow, inputHash);
    const made = this.#make(workflow, id, inputHash, options);
    made.run.begin(input);
    return made;
  }

  #checkDefinition(workflow: Workflow): void {
    const known = this.#definitions.get(workflow.id);
    if (known === workflow) return;
    if (known !== undefined && known.hash !== workflow.hash) {
      const message = `workflow "${workflow.id}": another definition of that id was started before; give one of them another id`;
      throw new SpillwayError('WORKFLOW_INVALID', message);
    }
    checkAgents(workflow.id, workflow.steps, this.#parts.agents());
    this.#definitions.set(workflow.id, workflow);
  }

  /** The agent that aggregates on threads, once somebody needs it. */
  #aggregator(): Promise<unknown> {
    this.#aggregating ??= this.#parts.register(aggregateAgent(AGGREGATE_AGENT));
    return this.#aggregating;
  }

  /** A nested run that has failed, or was given something else, is not asked again: the next try is a run of its own. */
  #childId(path: string, { hash }: Workflow, inputHash: string): string {
    for (let attempt = 1; ; attempt++) {
      const id = attempt === 1 ? path : `${path}//${attempt}`;
      const known = this.#known.get(id);
      if (known === undefined) return id;
      const isSame = known.hash === hash && known.inputHash === inputHash;
      if (isSame && known.run.state.result !== 'failed') return id;
    }
  }

  #newId(workflow: string): string {
    while (true) {
      this.#count++;
      const id = `${workflow}-${this.#count}`;
      if (!this.#known.has(id)) return id;
    }
  }

  #make(workflow: Workflow, id: string, inputHash: string, options: StartOptions): Known {
    const { store, engine, clock, wallNow } = this.#parts;
    const plan = planOf(workflow);
    const state = stateBefore(plan);
    state.run = id;
    const run = new Run({
      plan,
      state,
      store,
      engine,
      clock,
      wallNow,
      options,
      startChild: (child, input, childId) => this.#startChild(child, input, childId, options),
    });
    const known: Known = { run, handle: new RunHandle(run, store), hash: workflow.hash, inputHash };
    this.#known.set(id, known);
    const stopListening = run.listen((events) => {
      if (events.some(({ type }) => type === 'run-ended')) this.#hasEnded(id);
    });
    const { signal } = options;
    if (signal !== undefined) {
      const cancel = (): void => void known.handle.cancel();
      if (signal.aborted) queueMicrotask(cancel);
      else {
        signal.addEventListener('abort', cancel, { once: true });
        const forget = (): void => signal.removeEventListener('abort', cancel);
        void run.ended.then(forget, forget);
      }
    }
    void stopListening;
    return known;
  }

  #startChild(workflow: Workflow, input: unknown, id: string, options: StartOptions): ChildRun {
    const started = this.#start(workflow, input, options, id);
    const ended: Promise<WorkflowResult> = started.then(({ run }) => run.ended);
    return {
      ended,
      // One that could not be started has nothing to cancel; `ended` tells why.
      cancel: () => void started.then(({ handle }) => handle.cancel()).catch(() => undefined),
    };
  }

  #hasEnded(id: string): void {
    this.#ended.push(id);
    while (this.#ended.length > WORKFLOW_DEFAULTS.endedRuns) {
      const oldest = this.#ended.shift()!;
      if (this.#known.get(oldest)?.run.state.status !== 'ended') continue;
      this.#known.delete(oldest);
      void this.#parts.store.remove(oldest);
    }
  }

  /** Starts nothing more: what runs may finish. */
  stopAll(): void {
    this.#isClosed = true;
    for (const { run } of this.#known.values()) run.stopForGood();
  }

  /** Ends what has not finished, without an error of the steps: it can be resumed elsewhere. */
  endAll(): void {
    for (const { run } of this.#known.values()) run.abandon(new EngineClosedError());
  }
}

function aggregatesOnThreads(step: StepDefinition): boolean {
  if (step.kind === 'reduce') return step.work.kind === 'aggregation' && step.work.on === 'threads';
  return (
    'work' in step && step.work.kind === 'workflow' && step.work.workflow.steps.some(aggregatesOnThreads)
  );
}

function same(known: Known, workflow: Workflow, inputHash: string): Known {
  const id = known.run.state.run;
  if (known.hash !== workflow.hash) {
    const message = `run "${id}" was started with another definition ("${known.run.state.workflow}"); choose another id`;
    throw new SpillwayError('WORKFLOW_CONFLICT', message);
  }
  if (known.inputHash !== inputHash) {
    throw new SpillwayError(
      'WORKFLOW_CONFLICT',
      `run "${id}" was started with another input; choose another id`,
    );
  }
  return known;
}

async function checkedInput({ id, input }: Workflow, given: unknown): Promise<unknown> {
  if (input === undefined) return given;
  const validated = input['~standard'].validate(given);
  const result = isPromise<Awaited<typeof validated>>(validated) ? await validated : validated;
  if (result.issues === undefined) return result.value;
  const [issue] = result.issues;
  const path = (issue?.path ?? [])
    .map((part) => String(typeof part === 'object' ? part.key : part))
    .join('.');
  const at = path === '' ? 'input' : `input.${path}`;
  throw new SpillwayError(
    'INPUT_INVALID',
    `workflow "${id}", ${at}: ${issue?.message ?? 'it does not match the schema'}`,
  );
}
