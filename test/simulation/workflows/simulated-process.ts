import type { Workflow } from '../../../src/contract/workflow-definition.ts';
import { ioAgent } from '../../../src/index.ts';
import type { Run } from '../../../src/workflow/run.ts';
import { RunHandle } from '../../../src/workflow/run-handle.ts';
import { Runs } from '../../../src/workflow/runs.ts';
import { writeToken } from '../../../src/workflow/token.ts';
import type { SeededRandom } from '../../fixtures/seeded-random.ts';
import type { VirtualClock } from '../virtual-clock.ts';
import { ProcessClock } from './process-clock.ts';
import { AGENTS } from './random-workflow.ts';
import { type Faults, SimulatedEngine } from './simulated-engine.ts';
import type { SimulatedStore, Writer } from './simulated-store.ts';

export interface LiveRun {
  readonly run: Run;
  readonly handle: RunHandle;
}

export interface ProcessParts {
  readonly clock: VirtualClock;
  readonly store: SimulatedStore;
  readonly random: SeededRandom;
  readonly faults: Faults;
  /** Called once for each run that is under way in a process. */
  readonly began?: (live: LiveRun) => void;
}

/** What a handle shows to those that it is made for. */
class OpenHandle extends RunHandle {
  static runOf(handle: RunHandle): Run {
    return (handle as OpenHandle).run;
  }
}

function liveOf(handle: RunHandle): LiveRun {
  return { run: OpenHandle.runOf(handle), handle };
}

const agents = AGENTS.map((name) => ioAgent(name, { capabilities: ['talk'], run: () => undefined }));

/** One process with its engine and its runs. When it dies, another one begins from what the store has. */
export class SimulatedProcess {
  readonly #parts: ProcessParts;
  /** What the runs have planned, and what their work has. */
  readonly clock: ProcessClock;
  readonly workClock: ProcessClock;
  readonly engine: SimulatedEngine;
  readonly #all: Runs;
  readonly #seen = new Map<string, LiveRun>();
  readonly writer: Writer = { underWay: 0, isClosed: false };
  isClosing = false;

  constructor(parts: ProcessParts) {
    this.#parts = parts;
    this.clock = new ProcessClock(parts.clock);
    this.workClock = new ProcessClock(parts.clock);
    this.engine = new SimulatedEngine(this.workClock, parts.random, parts.faults);
    this.#all = new Runs({
      engine: this.engine,
      store: parts.store.connect(this.workClock, this.writer),
      isStoreGiven: true,
      clock: this.clock,
      wallNow: () => parts.clock.now(),
      agents: () => agents,
      register: () => Promise.resolve(),
    });
  }

  /** Those that are known here, in the order in which their streams began. */
  get runs(): ReadonlyMap<string, LiveRun> {
    for (const id of this.#parts.store.streams) {
      const handle = this.#all.get(id);
      if (handle === undefined || this.#seen.get(id)?.handle === handle) continue;
      const live = liveOf(handle);
      this.#seen.set(id, live);
      this.#parts.began?.(live);
    }
    return this.#seen;
  }

  /** Begins a run, or goes on with it from its events; a run that is known is given as it is. */
  async start(workflow: Workflow, input: unknown, id: string): Promise<LiveRun> {
    return liveOf(await this.#all.start(workflow, input, { id }));
  }

  /** Goes on with a run from what the store has of it. */
  resume(workflow: Workflow, run: string): Promise<RunHandle> {
    const { length: version } = this.#parts.store.eventsOf(run);
    const { id, hash } = workflow;
    return this.#all.resume(workflow, writeToken({ run, workflow: id, hash, version }));
  }

  /** Lets what runs finish for so long, as an engine that is closed. */
  async close(timeoutMs: number): Promise<void> {
    this.isClosing = true;
    await this.#all.close(timeoutMs);
    this.writer.isClosed = true;
  }

  kill(): void {
    this.clock.kill();
    this.workClock.kill();
  }
}
