import type { Workflow } from '../../src/contract/workflow-definition.ts';
import type { WorkflowEvent } from '../../src/contract/workflow-events.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';
import { VirtualClock } from '../simulation/virtual-clock.ts';
import type { Faults } from '../simulation/workflows/simulated-engine.ts';
import {
  type LiveRun,
  type ProcessParts,
  SimulatedProcess,
} from '../simulation/workflows/simulated-process.ts';
import { SimulatedStore } from '../simulation/workflows/simulated-store.ts';

const NO_FAULTS: Faults = {
  failed: 0,
  final: 0,
  shedAtDoor: 0,
  shedLate: 0,
  refused: 0,
  busy: 0,
  cancelledTooLate: 0,
  mostMs: 10,
};

/** A run on a clock of its own, whose process can be killed and begun again. */
export class OneProcess {
  readonly clock = new VirtualClock();
  readonly store: SimulatedStore;
  readonly #workflow: Workflow;
  readonly #parts: ProcessParts;
  process: SimulatedProcess;
  live!: LiveRun;

  constructor(
    workflow: Workflow,
    options: { readonly faults?: Partial<Faults>; readonly isSlow?: boolean } = {},
  ) {
    const random = new SeededRandom(1);
    this.#workflow = workflow;
    this.store = new SimulatedStore(random, options.isSlow ?? false);
    const faults = { ...NO_FAULTS, ...options.faults };
    this.#parts = { clock: this.clock, store: this.store, random, faults };
    this.process = new SimulatedProcess(this.#parts);
  }

  /** Begins the run, or goes on with it from the store. */
  async start(): Promise<this> {
    this.live = await this.process.start(this.#workflow, 'input', 'run');
    return this;
  }

  /** Kills the process; another one goes on from the store. */
  restart(): Promise<this> {
    this.process.kill();
    this.process = new SimulatedProcess(this.#parts);
    return this.start();
  }

  async pass(ms: number): Promise<void> {
    const untilMs = this.clock.passedMs + ms;
    // What needs no time may plan what is due at once.
    for (let round = 0; round < 3; round++) {
      for (let turn = 0; turn < 20; turn++) await undefined;
      await this.clock.runUntil(round === 0 ? this.clock.passedMs : untilMs);
    }
  }

  get events(): readonly WorkflowEvent[] {
    return this.store.eventsOf('run');
  }

  /** `type step` of each event. */
  get told(): readonly string[] {
    return this.events.map((event) => ('step' in event ? `${event.type} ${event.step}` : event.type));
  }
}

/** A run that has begun. */
export function begun(...of: ConstructorParameters<typeof OneProcess>): Promise<OneProcess> {
  return new OneProcess(...of).start();
}
