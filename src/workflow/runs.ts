import { EngineClosedError, SpillwayError } from '../contract/errors.ts';
import type { StartOptions } from '../contract/workflow.ts';
import type { Workflow } from '../contract/workflow-definition.ts';
import type { ForkOptions, ResumeOptions } from '../contract/workflow-run.ts';
import { aggregateAgent } from './aggregate-agent.ts';
import { indexOf } from './cancelling.ts';
import { checkAgents } from './check-definition.ts';
import { checkToken } from './checkpoint.ts';
import { closedError, finish } from './closing.ts';
import { illegal } from './control.ts';
import { EndedRuns } from './ended-runs.ts';
import { stateBefore } from './evolve.ts';
import type { KeptClasses } from './execution.ts';
import { AGGREGATE_AGENT, aggregatesOnThreads } from './fold-plan.ts';
import { firstEvents, keptBy } from './fork.ts';
import { loadRun } from './kept-run.ts';
import { levelsInside, NestedRun, neverBegan, openNested } from './nested-run.ts';
import { planOf } from './plan.ts';
import { stateToResume } from './resuming.ts';
import { Run } from './run.ts';
import { otherDefinition, otherInput } from './run-conflict.ts';
import { RunHandle } from './run-handle.ts';
import { checkedInput, checkWorkflow } from './run-input.ts';
import type { NestedStart, RunOptions } from './run-parts.ts';
import { cancelWith } from './run-signal.ts';
import type { RunsParts } from './runs-parts.ts';
import { keepSnapshots } from './snapshot-keeper.ts';
import { stableHash } from './stable-hash.ts';
import type { RunState } from './state.ts';
import { readToken, wrongToken } from './token.ts';

interface Known {
  readonly run: Run;
  readonly handle: RunHandle;
  readonly hash: string;
  readonly inputHash: string;
  readonly options: RunOptions;
  /** When it was read from the store. */
  readonly hadFailed: boolean;
}

/** The runs of one engine, by their ids. */
export class Runs {
  readonly #parts: RunsParts;
  readonly #known = new Map<string, Known>();
  readonly #ended = new EndedRuns();
  readonly #kept: KeptClasses = new Map();
  readonly #definitions = new Map<string, Workflow>();
  #aggregating: Promise<unknown> | undefined;
  /** Those that are being looked up. */
  readonly #opening = new Map<string, Promise<Known>>();
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

  /**
   * Goes on with a run from where it stands in the store.
   * @throws SpillwayError `WORKFLOW_TOKEN` for a token that is not of a run of this workflow
   */
  async resume(workflow: Workflow, token: string, options: ResumeOptions = {}): Promise<RunHandle> {
    if (this.#isClosed) throw new EngineClosedError();
    checkWorkflow('resume', workflow);
    const { migrate, ...startOptions } = options;
    const read = readToken(token);
    if (read.workflow !== workflow.id) {
      throw wrongToken(`it is of workflow "${read.workflow}", got "${workflow.id}"; resume it with that one`);
    }
    if (migrate !== undefined) this.#definitions.delete(workflow.id);
    this.#checkDefinition(workflow);
    const known = this.#known.get(read.run);
    if (known !== undefined && !this.#giveUp(known, workflow)) {
      const { handle } = known;
      if (handle.state !== 'ended' && handle.state !== 'compensating') await handle.resume(token);
      else checkToken(known.run, token);
      return handle;
    }
    const made = await this.#open(read.run, async () => {
      const state = await stateToResume(this.#parts.store, workflow, read, migrate);
      return this.#revive(workflow, state, startOptions);
    });
    if (made.handle.state === 'paused') await made.handle.resume();
    return made.handle;
  }

  /** Whether a run that is known can be read anew from the store. @throws SpillwayError if it is still under way */
  #giveUp({ run, hash }: Known, workflow: Workflow): boolean {
    const { run: id, status } = run.state;
    if (!run.isBroken && hash === workflow.hash) return false;
    if (!run.isBroken && status !== 'stopped' && status !== 'ended') {
      throw illegal(`run "${id}" is ${status}, with another definition; stop() it, then migrate it`);
    }
    run.abandon(illegal(`run "${id}" goes on with another definition; use the run that resume() gave`));
    this.#known.delete(id);
    return true;
  }

  async #start(workflow: Workflow, given: unknown, options: RunOptions): Promise<Known> {
    checkWorkflow('start', workflow);
    this.#checkDefinition(workflow, options.levels !== undefined);
    if (workflow.steps.some(aggregatesOnThreads)) await this.#aggregator();
    const input = await checkedInput(workflow, given);
    const id = options.id ?? (await this.#newId(workflow.id));
    const inputHash = stableHash(input);
    const known = await this.#open(id, async () => {
      if ((await this.#parts.store.version(id)) > 0) return this.#load(workflow, id, inputHash, options);
      const made = this.#make(workflow, undefined, id, inputHash, options);
      made.run.begin(firstEvents(made.run.plan, id, input));
      return made;
    });
    return same(known, workflow, inputHash);
  }

  /** The run that is known, or that `open` gives: asked twice at once, it opens it once. */
  async #open(id: string, open: () => Promise<Known>): Promise<Known> {
    const known = this.#known.get(id);
    if (known !== undefined && !known.run.isBroken) return known;
    const isOpening = this.#opening.get(id);
    if (isOpening !== undefined) return isOpening;
    const opening = open();
    this.#opening.set(id, opening);
    try {
      return await opening;
    } finally {
      this.#opening.delete(id);
    }
  }

  /** A run that only the store knows. */
  async #load(workflow: Workflow, id: string, inputHash: string, options: RunOptions): Promise<Known> {
    const kept = await loadRun(this.#parts.store, planOf(workflow), id);
    if (!('state' in kept)) throw otherDefinition(id, kept.workflow);
    if (stableHash(kept.state.input) !== inputHash) throw otherInput(id);
    return this.#revive(workflow, kept.state, options);
  }

  #revive(workflow: Workflow, state: RunState, options: RunOptions): Known {
    const made = this.#make(workflow, state, state.run, stableHash(state.input), options);
    made.run.command({ type: 'restart', hash: workflow.hash });
    return made;
  }

  async #fork(of: Known, workflow: Workflow, { from, id: wanted }: ForkOptions): Promise<RunHandle> {
    if (this.#isClosed) throw new EngineClosedError();
    const { run } = of;
    const { plan } = run;
    const { store } = this.#parts;
    const index = indexOf(plan, from);
    const id = wanted ?? (await this.#newId(workflow.id));
    const known = await this.#open(id, async () => {
      // Nobody waits for it, whoever waits for the one that it is a fork of.
      const options: RunOptions = { ...of.options, within: undefined };
      if ((await store.version(id)) > 0) return this.#load(workflow, id, of.inputHash, options);
      const kept = await run.inOrder(() => keptBy(plan, run.state, index));
      const made = this.#make(workflow, undefined, id, of.inputHash, options);
      made.run.begin(firstEvents(plan, id, run.state.input, { of: run.state.run, from, kept }));
      return made;
    });
    const { forkOf, forkFrom } = known.run.state;
    if (forkOf === run.state.run && forkFrom === from) return known.handle;
    const message = `run "${id}" exists, and is not the fork of run "${run.state.run}" from "${from}"; choose another id`;
    throw new SpillwayError('WORKFLOW_CONFLICT', message);
  }

  /** A nested one belongs to its step, which may make it as it runs: it does not take its id. */
  #checkDefinition(workflow: Workflow, isNested = false): void {
    const known = isNested ? undefined : this.#definitions.get(workflow.id);
    if (known === workflow) return;
    if (known !== undefined && known.hash !== workflow.hash) {
      const message = `workflow "${workflow.id}": another definition of that id was started before; give one of them another id`;
      throw new SpillwayError('WORKFLOW_INVALID', message);
    }
    checkAgents(workflow.id, workflow.steps, this.#parts.agents());
    if (!isNested) this.#definitions.set(workflow.id, workflow);
  }

  /** The agent that aggregates on threads, once somebody needs it. */
  #aggregator(): Promise<unknown> {
    this.#aggregating ??= this.#parts.register(aggregateAgent(AGGREGATE_AGENT));
    return this.#aggregating;
  }

  async #newId(workflow: string): Promise<string> {
    for (let leap = 1; ; leap *= 2) {
      this.#count += leap;
      const id = `${workflow}-${this.#count}`;
      const isTaken = this.#known.has(id) || this.#opening.has(id);
      if (!isTaken && (await this.#parts.store.version(id)) === 0) return id;
    }
  }

  #make(
    workflow: Workflow,
    kept: RunState | undefined,
    id: string,
    inputHash: string,
    options: RunOptions,
  ): Known {
    if (this.#isClosed) throw new EngineClosedError();
    const { store, engine, clock, wallNow } = this.#parts;
    const plan = planOf(workflow);
    const state = kept ?? stateBefore(plan);
    state.run = id;
    const run = new Run({
      plan,
      state,
      store,
      engine,
      clock,
      wallNow,
      options,
      kept: this.#kept,
      startChild: (child) => this.#nestedRun(workflow, { ...options, within: child.waiter }, child),
    });
    const { signal, ...others } = options;
    const handle = new RunHandle(run, {
      store,
      fork: (fork) => this.#fork(known, workflow, fork),
      known: (other) => this.#known.get(other)?.handle,
    });
    const hadFailed = kept?.result === 'failed';
    const known: Known = { run, handle, hash: workflow.hash, inputHash, options: others, hadFailed };
    this.#known.set(id, known);
    run.listen((events) => {
      if (events.some(({ type }) => type === 'run-ended')) this.#hasEnded(run);
    });
    keepSnapshots(run, store);
    if (signal !== undefined) cancelWith(signal, run);
    return known;
  }

  #nestedRun(within: Workflow, outer: RunOptions, child: NestedStart): NestedRun {
    const { workflow, input, isKept } = child;
    checkWorkflow('workflow', workflow);
    const levels = levelsInside(outer.levels ?? within.maxDepth, workflow);
    const opening = openNested(child.id, async (id) => {
      const before = this.#known.get(id);
      if (isKept && before === undefined && (await this.#parts.store.version(id)) === 0) throw neverBegan(id);
      // Of one that only the store knew, as it was there.
      const hadFailed = before?.run.state.result === 'failed';
      const found = await this.#start(workflow, input, { ...outer, id, levels });
      return { run: found.run, hadFailed: hadFailed || (before === undefined && found.hadFailed) };
    });
    return new NestedRun(opening, child.atRest);
  }

  #hasEnded(run: Run): void {
    for (const id of this.#ended.add(run)) {
      if (this.#known.get(id)?.run.state.status !== 'ended') continue;
      this.#known.delete(id);
      if (!this.#parts.isStoreGiven) void this.#parts.store.remove(id);
    }
  }

  /**
   * Starts nothing more, and lets what runs finish for so many milliseconds. What has not ended then can be resumed
   * elsewhere: its `result()` says how.
   */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosed = true;
    const { clock, store } = this.#parts;
    const runs = [...this.#known.values()].flatMap(({ run }) => (run.isBroken ? [] : [run]));
    const hasEnded = (run: Run): boolean => run.state.status === 'ended';
    for (const run of runs.filter(hasEnded)) run.abandon(closedError(run));
    const open = runs.filter((run) => !hasEnded(run));
    await finish(open, store, clock, timeoutMs);
    for (const run of open) run.abandon(closedError(run));
  }
}

function same(known: Known, workflow: Workflow, inputHash: string): Known {
  const { run: id, workflow: name } = known.run.state;
  if (known.hash !== workflow.hash) throw otherDefinition(id, name);
  if (known.inputHash !== inputHash) throw otherInput(id);
  return known;
}
