import { Gate } from '../../src/admission/gate.ts';
import { Stations } from '../../src/admission/stations.ts';
import type { Agent } from '../../src/contract/agent.ts';
import type { Clock } from '../../src/contract/clock.ts';
import type { Limit } from '../../src/contract/limit.ts';
import { priorityLevel } from '../../src/contract/options.ts';
import { STATE, Task, type TaskOwner } from '../../src/contract/task.ts';
import { FailedAttempts } from '../../src/dispatch/attempt.ts';
import { Breakers } from '../../src/dispatch/breakers.ts';
import { Dispatcher } from '../../src/dispatch/dispatcher.ts';
import { FallbackChain } from '../../src/dispatch/fallback-chain.ts';
import { RetryBudget } from '../../src/dispatch/retry-budget.ts';
import { Settlement } from '../../src/dispatch/settlement.ts';
import { LoopLane } from '../../src/lanes/loop-lane.ts';
import { Registry } from '../../src/supervisor/registry.ts';
import { emptyLedger } from '../fixtures/ledger.ts';
import { ThreadModel } from './thread-model.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface SimulationOptions {
  readonly agents: readonly Agent[];
  readonly sloMs: number;
  /** The adaptive policy if left out. */
  readonly limit?: (clock: Clock) => Limit;
  readonly queueLimit?: number;
  /** First come, first served: priorities count at the door only. */
  readonly isFifo?: boolean;
  /** Calls that may run at once. Default: no bound but that of the policy. */
  readonly concurrency?: number;
  readonly threads?: number;
}

/** The real gate, queue, dispatcher, settlement and loop lane, on a clock of their own; threads are a model. */
export class Simulation {
  readonly clock = new VirtualClock();
  readonly stations: Stations;
  readonly threads: ThreadModel;
  readonly gate: Gate;
  readonly dispatcher: Dispatcher;
  private readonly registry: Registry;
  private readonly queueLimit: number;
  private readonly isFifo: boolean;
  private seq = 0;

  constructor(options: SimulationOptions) {
    const adaptive = options.limit === undefined;
    const { clock } = this;
    this.queueLimit = options.queueLimit ?? 10_000;
    this.isFifo = options.isFifo ?? false;
    this.stations = new Stations(adaptive);
    this.gate = new Gate(options.limit?.(clock), this.stations, clock, (error) => {
      throw error;
    });
    const settlement = new Settlement(this.gate, clock);
    const emit = () => {};
    const chain = new FallbackChain({ clock, settlement, routeOf: () => undefined, emit });
    const budget = new RetryBudget(undefined, clock.now(), 0);
    const failures = new FailedAttempts({ clock, random: () => 0.5, settlement, budget, chain, emit });
    this.dispatcher = new Dispatcher(clock, settlement, failures, 1_000, this.queueLimit, adaptive);
    this.stations.onSlots = (station) => this.dispatcher.slotsMade(station);
    this.dispatcher.useLoop(new LoopLane(clock, this.dispatcher));
    this.threads = new ThreadModel(options.threads ?? 2, clock, this.dispatcher);
    this.dispatcher.useThreads(this.threads);
    this.stations.threads.slots = this.threads.readyThreads;
    this.registry = new Registry(OWNER, 1_000, {
      stations: this.stations,
      breakers: new Breakers(clock),
      ledger: emptyLedger(clock),
      sloMs: options.sloMs,
      loopLimit: options.concurrency ?? (adaptive ? 1_000 : 1_000_000),
    });
    for (const agent of options.agents) this.registry.add(agent);
  }

  /** Submits a task as the engine does; `undefined` if it is shed at the door. */
  submit(
    agent: string,
    payload: unknown,
    priority: 'high' | 'normal' | 'low',
    tenant?: string,
  ): Task | undefined {
    const route = this.registry.resolve(agent);
    const level = priorityLevel(priority);
    if (this.dispatcher.waiting >= this.queueLimit) return undefined;
    const nowMs = this.clock.now();
    const shed = this.gate.enter(route.flow, level, tenant, nowMs);
    if (shed !== undefined) return undefined;
    const task = new Task(route, ++this.seq, payload, this.isFifo ? 0 : level, nowMs);
    this.dispatcher.enqueue(task, route);
    return task;
  }
}

const OWNER: TaskOwner = {
  notify: () => {},
  cancelTask: () => false,
  reprioritize: () => false,
  syncOf: () => {
    throw new Error('it has no mutexes');
  },
  used: () => {},
  limited: () => {},
  listen: () => () => {},
  wallAtMs: (clockMs) => clockMs,
};

export const isCompleted = (task: Task) => task.stateCode === STATE.completed;
