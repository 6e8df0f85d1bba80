import { EngineClosedError } from '../../../src/contract/errors.ts';
import type { WorkflowResult } from '../../../src/contract/workflow.ts';
import type { Workflow } from '../../../src/contract/workflow-definition.ts';
import type { WorkflowEvent } from '../../../src/contract/workflow-events.ts';
import { evolve, stateBefore } from '../../../src/workflow/evolve.ts';
import { planOf } from '../../../src/workflow/plan.ts';
import { resultOf } from '../../../src/workflow/result.ts';
import { stableHash } from '../../../src/workflow/stable-hash.ts';
import { SeededRandom } from '../../fixtures/seeded-random.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { Chaos } from './chaos.ts';
import { isLeftOver } from './left-over.ts';
import { LogChecker } from './log-checker.ts';
import { RandomWorkflows } from './random-workflow.ts';
import { hashOf, RunWatch } from './run-watch.ts';
import { drawFaults } from './simulated-engine.ts';
import { type LiveRun, type ProcessParts, SimulatedProcess } from './simulated-process.ts';
import { SimulatedStore } from './simulated-store.ts';
import { logOf } from './simulation-log.ts';
import { World } from './world.ts';

/** Rounds of giving a run what it waits for, before it is said to hang. */
const MOST_ROUNDS = 5_000;
const MOST_EVENTS = 100_000;
/** The first run; others are forks of it. */
const RUN = 'run';

/** What one seed gave. */
export interface Simulated {
  readonly seed: number;
  /** Of all events of all runs. */
  readonly hash: string;
  readonly events: number;
  readonly runs: number;
  readonly restarts: number;
  readonly status: string;
  readonly faults: readonly string[];
  /** Who asked for what, and what happened: for whoever looks for the reason of a fault. */
  log(): string;
}

export interface SimulateOptions {
  /** Makes a bug of the plan that the runner goes by: shows that it is caught. */
  readonly sabotage?: (workflow: Workflow) => void;
  /** What a store with a bug keeps. */
  readonly kept?: (events: readonly WorkflowEvent[]) => readonly WorkflowEvent[];
}

/** Runs a workflow made at random through faults, controls and restarts at random, and checks all that it leaves behind. */
export async function simulate(seed: number, options: SimulateOptions = {}): Promise<Simulated> {
  const simulation = new WorkflowSimulation(seed, options);
  await simulation.run();
  return simulation.report();
}

class WorkflowSimulation {
  readonly #seed: number;
  readonly #options: SimulateOptions;
  readonly #clock = new VirtualClock();
  readonly #random: SeededRandom;
  readonly #workflows: RandomWorkflows;
  readonly #workflow: Workflow;
  readonly #chaos: Chaos;
  readonly #store: SimulatedStore;
  readonly #world: World;
  readonly #watch: RunWatch;
  readonly #parts: ProcessParts;
  readonly #isCalm: boolean;
  readonly #faults: string[] = [];
  #process: SimulatedProcess;
  /** Engines that were closed, in a process that may still live. */
  readonly #closed: SimulatedProcess[] = [];
  #restarts = 0;

  constructor(seed: number, options: SimulateOptions) {
    this.#seed = seed;
    this.#options = options;
    const random = new SeededRandom(seed);
    this.#random = random;
    const faults = drawFaults(random);
    this.#isCalm = random.chance(0.25);
    this.#store = new SimulatedStore(random, random.chance(0.4));
    this.#watch = new RunWatch(new SeededRandom(seed + 1));
    this.#chaos = new Chaos(random);
    const began = (live: LiveRun): void => this.#watch.begin(live);
    this.#parts = { clock: this.#clock, store: this.#store, random, faults, began };
    this.#process = new SimulatedProcess(this.#parts);
    this.#world = new World(random, faults, this.#process.workClock);
    this.#workflows = new RandomWorkflows(random, this.#world);
    this.#workflow = this.#workflows.make('top');
    for (const { workflow } of this.#workflows.all.values()) options.sabotage?.(workflow);
  }

  async run(): Promise<void> {
    this.#begin();
    this.#planChaos();
    let rounds = 0;
    while (true) {
      await this.#untilIdle();
      if (this.#clock.nextAtMs !== undefined) continue;
      // The newest first: what it gives is what the others wait for.
      const wanted = [...this.#process.runs.values()].reverse().some((run) => this.#chaos.settle(run));
      if (!wanted) break;
      if (++rounds > MOST_ROUNDS) {
        this.#faults.push(`it does not end in ${MOST_ROUNDS} rounds of giving it what it waits for`);
        break;
      }
    }
    await this.#check();
  }

  report(): Simulated {
    const all = this.#store.streams.map((stream) => this.#store.eventsOf(stream));
    return {
      seed: this.#seed,
      hash: stableHash(all),
      events: all.reduce((sum, { length }) => sum + length, 0),
      runs: all.length,
      restarts: this.#restarts,
      status: this.#process.runs.get(RUN)?.run.state.result ?? 'none',
      faults: [...this.#chaos.faults, ...this.#watch.faults, ...this.#store.faults, ...this.#faults].slice(
        0,
        10,
      ),
      log: () => logOf(this.#workflows.all.values(), this.#chaos.asked, this.#store),
    };
  }

  /** Begins what there is to run, in a process that has nothing yet. */
  #begin(): void {
    const process = this.#process;
    const mustGo = (started: Promise<unknown>): void => {
      const failed = (error: unknown) => {
        // It may be closed, or dead, before that.
        const isLeft = error instanceof EngineClosedError || process !== this.#process;
        if (!isLeft) this.#faults.push(`it cannot be started: ${error}`);
      };
      started.catch(failed);
    };
    const isKept = this.#store.streams.includes(RUN);
    if (isKept && this.#random.chance(0.3)) mustGo(process.resume(this.#workflow, RUN));
    else mustGo(process.start(this.#workflow, { topic: this.#seed }, RUN));
    for (const fork of this.#chaos.forks) {
      if (this.#store.streams.includes(fork)) mustGo(process.resume(this.#workflow, fork));
    }
  }

  #planChaos(): void {
    if (this.#isCalm) return;
    const random = this.#random;
    const spanMs = random.pick([50, 200, 1_000]);
    for (let left = random.below(random.chance(0.1) ? 200 : 20); left > 0; left--) {
      this.#clock.schedule(random.below(spanMs), () => this.#chaos.act([...this.#process.runs.values()]));
    }
    for (let left = random.chance(0.5) ? 0 : 1 + random.below(3); left > 0; left--) {
      const isClosed = random.chance(0.3);
      this.#clock.schedule(random.below(spanMs), () => (isClosed ? void this.#close() : this.#die()));
    }
  }

  async #close(): Promise<void> {
    const process = this.#process;
    if (process.isClosing) return;
    const timeoutMs = this.#random.below(50);
    this.#chaos.asked.push(`${this.#clock.passedMs} the engine is closed, for ${timeoutMs} ms`);
    await process.close(timeoutMs);
    // Those that wait for nested runs hear of it one after the other.
    for (let turn = 0; turn < 20; turn++) await undefined;
    if (process !== this.#process) return;
    const { pendingLater } = process.clock;
    if (pendingLater > 0) this.#faults.push(`${pendingLater} timers are left when the engine has closed`);
    this.#closed.push(process);
    // A write that is still under way ends with its process.
    if (process.writer.underWay > 0) this.#die();
    else this.#restart('goes on without it');
  }

  #die(): void {
    this.#process.kill();
    for (const process of this.#closed) process.kill();
    this.#restart('dies');
  }

  #restart(what: string): void {
    this.#restarts++;
    this.#chaos.asked.push(`${this.#clock.passedMs} the process ${what}, another engine begins`);
    this.#process = new SimulatedProcess(this.#parts);
    this.#world.clock = this.#process.workClock;
    this.#begin();
  }

  async #untilIdle(): Promise<void> {
    let turns = 0;
    for (let next = this.#clock.nextAtMs; next !== undefined; next = this.#clock.nextAtMs) {
      await this.#clock.runUntil(next);
      if (this.#mayHaveLeftovers) await this.#lookForLeftovers();
      if (++turns > MOST_EVENTS) {
        this.#faults.push(`it is not quiet after ${MOST_EVENTS} turns`);
        return;
      }
    }
    await turnOver();
  }

  /** Timers of runs are there, and no run is under way. */
  get #mayHaveLeftovers(): boolean {
    const { runs, clock, workClock } = this.#process;
    // An end that is being kept has not been told.
    if (workClock.pending > 0 || clock.pendingLater === 0) return false;
    return [...runs.values()].every(({ run }) => run.state.status === 'ended');
  }

  /** When all runs have ended nothing of theirs may keep the process alive. */
  async #lookForLeftovers(): Promise<void> {
    await turnOver();
    if (!this.#mayHaveLeftovers) return;
    const what = `${this.#process.clock.pendingLater} timers are left when all runs have ended`;
    if (!this.#faults.includes(what)) this.#faults.push(what);
  }

  async #check(): Promise<void> {
    for (const [id, { run }] of this.#process.runs) {
      if (run.state.status !== 'ended') this.#faults.push(`${id} hangs: it is ${run.state.status}`);
    }
    for (const stream of this.#store.streams) await this.#checkStream(stream);
    this.#checkEngine();
  }

  async #checkStream(stream: string): Promise<void> {
    const say = (what: string) => this.#faults.push(`${stream}: ${what}`);
    const kept = this.#store.eventsOf(stream);
    const events = this.#options.kept?.(kept) ?? kept;
    const [first] = events;
    if (first?.type !== 'run-started') return void say('it has no first event');
    const model = this.#workflows.all.get(first.workflow)!;
    const checker = new LogChecker(model).read(events);
    const hasEnded = events.some(({ type }) => type === 'run-ended');
    if (!hasEnded && !isLeftOver(stream, this.#store)) say('it is abandoned: it has never ended');
    const live = this.#process.runs.get(stream);
    const plan = planOf(model.workflow);
    const state = stateBefore(plan);
    const pictures = this.#watch.picturesOf(stream);
    try {
      for (const event of events) {
        evolve(plan, state, event);
        const taken = pictures.filter(({ version }) => version === state.version);
        if (taken.some(({ hash }) => hash !== hashOf(plan, state)))
          say(`the state after ${state.version} events differs`);
      }
    } catch (error) {
      say(`it cannot be replayed: ${error}`);
    }
    if (live !== undefined) {
      if (hashOf(plan, live.run.state) !== hashOf(plan, state))
        say('the replayed state differs from the live one');
      if (checker.hasEnded) {
        const result = await settledNow(live.handle.result());
        if (result === undefined) return void say('its events have ended, its result has not come');
        if (stableHash(result) !== stableHash(resultOf(plan, state)))
          say('the result is not that of the events');
        checker.compare(result);
      }
    }
    this.#faults.push(...checker.faults.slice(0, 5).map((fault) => `${stream}: ${fault}`));
  }

  /** While nobody meddles, the engine has to have seen what the events tell. */
  #checkEngine(): void {
    if (!this.#isCalm) return;
    const { engine, runs } = this.#process;
    const id = this.#workflow.id;
    const most = engine.mostUnderWay.get(id) ?? 0;
    if (most > this.#workflow.concurrency) {
      this.#faults.push(`${most} tasks were under way at once, ${this.#workflow.concurrency} may be`);
    }
    const tasks = runs.get(RUN)?.run.state.tasks ?? 0;
    // A nested run that has succeeded serves another try as well: it counts each time.
    if (this.#workflows.all.size > 1) return;
    const ended = [...engine.ended.values()].reduce((sum, count) => sum + count, 0);
    const isExact = this.#workflow.steps.every((step) => step.kind !== 'map');
    if (isExact ? tasks !== ended : tasks > ended)
      this.#faults.push(`the run says ${tasks} tasks, the engine has ended ${ended}`);
  }
}

/** What no timer drives is over when the turn is. */
function turnOver(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** The value of a promise, if it is settled. */
async function settledNow(promise: Promise<WorkflowResult>): Promise<WorkflowResult | undefined> {
  let value: WorkflowResult | undefined;
  const take = (settled: WorkflowResult): void => {
    value = settled;
  };
  promise.then(take, () => undefined);
  await turnOver();
  return value;
}
