import type { Histogram } from 'hdr-histogram-js';
import { infeasible } from './admission/flow.ts';
import { Gate } from './admission/gate.ts';
import { guardFrom, limitFrom, stationsFrom } from './admission/limit-from.ts';
import type { Stations } from './admission/stations.ts';
import type { Agent } from './contract/agent.ts';
import { type Clock, systemClock } from './contract/clock.ts';
import type { Engine, ReadyOptions, StreamOptions } from './contract/engine.ts';
import { EngineClosedError } from './contract/errors.ts';
import type { EngineEvents } from './contract/events.ts';
import type { Priority, TaskEvents, TaskOptions } from './contract/handle.ts';
import {
  checkOptions,
  checkPriority,
  DEFAULTS,
  type EngineOptions,
  priorityLevel,
} from './contract/options.ts';
import type { AbortReason, Outcome } from './contract/outcome.ts';
import { mayGoUnheard, rejected } from './contract/rejected.ts';
import type { AdmissionStats, EngineStats, ThreadHeap } from './contract/stats.ts';
import { STATE, type Task, type TaskOwner } from './contract/task.ts';
import { Dispatcher } from './dispatch/dispatcher.ts';
import { validInput } from './dispatch/input.ts';
import { addListener, notify } from './dispatch/listeners.ts';
import { Overflow } from './dispatch/overflow.ts';
import { Settlement } from './dispatch/settlement.ts';
import { Door } from './door.ts';
import { LoopLane } from './lanes/loop-lane.ts';
import { checkSource, type StreamPort, TaskStream } from './stream.ts';
import { EventHub } from './supervisor/event-hub.ts';
import { Registry } from './supervisor/registry.ts';
import { engineStats, histogramOf } from './supervisor/statistics.ts';
import { Supervisor, type SupervisorParts } from './supervisor/supervisor.ts';

/** Any target, as the typed methods hand it on. */
type AnyTarget = string | { readonly capability: string };

/** Wires the rooms in the order of a task's way: admission, queue, dispatch, lanes, settlement. */
class SpillwayEngine implements TaskOwner {
  private readonly clock: Clock;
  private readonly queueLimit: number;
  private readonly policy: AdmissionStats['policy'];
  private readonly closeTimeoutMs: number;
  private readonly bornAtMs: number;
  private readonly hub = new EventHub();
  private readonly door: Door;
  private readonly gate: Gate;
  private readonly stations: Stations;
  private readonly settlement: Settlement;
  private readonly dispatcher: Dispatcher;
  private readonly registry: Registry;
  private readonly supervisor: Supervisor;
  private readonly overflow: Overflow | undefined;
  /** Completes an agent by the tuned configuration. */
  private readonly tuned: (agent: Agent) => Agent;
  private closing: Promise<void> | undefined = undefined;

  constructor(options: EngineOptions, tuned: (agent: Agent) => Agent) {
    this.tuned = tuned;
    const clock = options.clock ?? systemClock;
    const ageMs = options.queue?.ageMs ?? DEFAULTS.queue.ageMs;
    this.clock = clock;
    this.policy = options.admission?.policy ?? DEFAULTS.admission.policy;
    this.bornAtMs = clock.now();
    this.queueLimit = options.queue?.limit ?? DEFAULTS.queue.limit;
    this.closeTimeoutMs = options.closeTimeoutMs ?? DEFAULTS.closeTimeoutMs;
    const adaptive = this.policy === 'adaptive';
    const sloMs = options.slo?.p99Ms ?? DEFAULTS.slo.p99Ms;
    this.stations = stationsFrom(options, {
      slots: (station) => this.dispatcher.slotsMade(station),
      pause: (station, pauseMs) => clock.schedule(pauseMs, () => station.resume(clock.now())),
      infeasible: (flow) => this.hub.emit('infeasible', infeasible(flow)),
    });
    const { stations } = this;
    this.gate = new Gate(limitFrom(options, this.queueLimit), stations, clock, (error) =>
      this.hub.failed('admission', error),
    );
    this.settlement = new Settlement(this.gate, clock);
    this.dispatcher = new Dispatcher(clock, this.settlement, ageMs, this.queueLimit, adaptive);
    this.gate.guard = guardFrom(options, sloMs);
    this.dispatcher.onQueueRoom = () => this.gate.roomMade();
    this.gate.hasRoomInside = () => this.dispatcher.waiting < this.queueLimit;
    this.registry = new Registry(this, ageMs, {
      stations,
      sloMs,
      loopLimit: adaptive ? DEFAULTS.agent.maxLimit : DEFAULTS.agent.limit,
    });
    const { dispatcher, settlement, registry, gate, queueLimit } = this;
    this.overflow = options.overflow && new Overflow(options.overflow, this.overflowFailed);
    const { overflow } = this;
    settlement.overflow = overflow;
    const parts = { clock, gate, stations, registry, dispatcher, settlement };
    this.door = new Door({ ...parts, queueLimit, overflow, isAdaptive: adaptive });
    const loop = new LoopLane(clock, dispatcher);
    dispatcher.useLoop(loop);
    const emit: SupervisorParts['emit'] = (event, value) => this.hub.emit(event, value);
    this.supervisor = new Supervisor({ ...parts, loop, emit }, options);
  }

  async start(agents: readonly Agent[]): Promise<void> {
    try {
      await Promise.all(agents.map((agent) => this.supervisor.add(this.tuned(agent))));
      await this.overflow?.start(this.door.overflowPort(this.overflowFailed));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  run(target: AnyTarget, input: unknown, options?: TaskOptions): Promise<unknown> {
    const { door } = this;
    try {
      const route = door.route(target, options);
      const payload = validInput(route, input);
      const level = priorityLevel(options?.priority);
      const nowMs = this.clock.now();
      const shed = door.enter(route, level, options?.tenant, nowMs);
      if (shed !== undefined) return rejected(door.turnAway(shed, route, input, level, options));
      const task = door.makeTask(route, input, payload, level, nowMs, options);
      const promise = task.unwrapped();
      door.admit(task, route, options);
      return promise;
    } catch (error) {
      return rejected(error);
    }
  }

  submit(target: AnyTarget, input: unknown, options?: TaskOptions): Task {
    const { door } = this;
    const route = door.route(target, options);
    const payload = validInput(route, input);
    const level = priorityLevel(options?.priority);
    const nowMs = this.clock.now();
    const shed = door.enter(route, level, options?.tenant, nowMs);
    const task = door.makeTask(route, input, payload, level, nowMs, options);
    if (shed === undefined) door.admit(task, route, options);
    else task.reject(door.turnAway(shed, route, input, level, options));
    return task;
  }

  stream(
    target: AnyTarget,
    source: Iterable<unknown> | AsyncIterable<unknown>,
    options: StreamOptions = {},
  ): AsyncIterableIterator<Outcome> {
    checkOptions('stream', options, 'stream');
    checkSource(source);
    const { door } = this;
    const { flow } = door.route(target, undefined);
    const { priority, timeoutMs, tenant } = options;
    const level = priorityLevel(priority);
    const taskOptions = timeoutMs === undefined ? undefined : { timeoutMs };
    const port: StreamPort = {
      trySubmit: (input) => {
        const route = door.route(target, undefined);
        const payload = validInput(route, input);
        const nowMs = this.clock.now();
        if (door.enter(route, level, tenant, nowMs) !== undefined) return undefined;
        const task = door.makeTask(route, input, payload, level, nowMs, taskOptions);
        task.patient = true;
        door.admit(task, route, undefined);
        return task;
      },
      ready: (wait = {}) => mayGoUnheard(door.room(wait, flow)),
      hasRoom: (atLevel) => this.gate.hasRoom(atLevel, flow),
      defer: (fn) => this.clock.defer(fn),
    };
    return new TaskStream(port, source, options);
  }

  ready(options: ReadyOptions = {}): Promise<void> {
    return mayGoUnheard(this.door.room(options, undefined));
  }

  register(agent: Agent): Promise<this> {
    return mayGoUnheard(this.add(agent));
  }

  remove(name: string): boolean {
    const entry = this.registry.agents.get(name);
    if (entry === undefined) return false;
    this.supervisor.remove(entry);
    return true;
  }

  stats(): EngineStats {
    const { clock, gate, stations, dispatcher, registry, supervisor, settlement } = this;
    return engineStats({
      uptimeMs: clock.now() - this.bornAtMs,
      nowMs: clock.now(),
      sheds: gate.sheds,
      policy: this.policy,
      loadFactor: gate.load(),
      queueLimit: this.queueLimit,
      stations,
      dispatcher,
      settlement,
      supervisor,
      registry,
      overflow: this.overflow?.stats(),
    });
  }

  heaps(options: { readonly timeoutMs?: number } = {}): Promise<readonly ThreadHeap[]> {
    checkOptions('heaps', options, 'heaps');
    return this.supervisor.heaps(options.timeoutMs ?? DEFAULTS.heapsTimeoutMs);
  }

  histogram(name: string, kind: 'wait' | 'service' | 'total'): Histogram {
    return histogramOf(this.registry.agents.get(name), name, kind);
  }

  on<E extends keyof EngineEvents>(event: E, listener: (value: EngineEvents[E]) => void): () => void {
    return this.hub.on(event, listener);
  }

  close(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    checkOptions('close', options, 'close');
    this.door.isClosed = true;
    this.closing ??= this.shutDown(options.timeoutMs ?? this.closeTimeoutMs);
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  cancel(task: Task, reason: AbortReason, cause?: unknown): boolean {
    return this.supervisor.cancel(task, reason, cause);
  }

  reprioritize(task: Task, priority: Priority): boolean {
    const level = checkPriority(priority);
    if (task.stateCode !== STATE.pending) return false;
    this.dispatcher.rerank(task, level);
    if (task.extras?.asked !== undefined) task.extras.asked.level = level;
    return true;
  }

  listen<E extends keyof TaskEvents>(
    task: Task,
    event: E,
    listener: (value: TaskEvents[E]) => void,
  ): () => void {
    return addListener(task, event, listener);
  }

  notify<E extends keyof TaskEvents>(task: Task, event: E, value: TaskEvents[E]): void {
    notify(task, event, value, (name, error) => this.hub.failed(name, error));
  }

  private async add(agent: Agent): Promise<this> {
    if (this.closing !== undefined) throw new EngineClosedError();
    checkOptions('agent', agent, 'agent');
    await this.supervisor.add(this.tuned(agent));
    return this;
  }

  private async shutDown(timeoutMs: number): Promise<void> {
    this.gate.wakeAll();
    await this.gate.empty(timeoutMs);
    this.supervisor.abortAll('shutdown');
    await this.supervisor.close();
    await this.overflow?.close();
  }

  private readonly overflowFailed = (error: unknown): void => this.hub.failed('overflow', error);
}

/**
 * Creates an engine and starts it: resolves when the handlers of all agents are loaded.
 * @throws ConfigError for a wrong option or tuned configuration, SpillwayError `REPORT_UNREADABLE` for a file of one that
 * cannot be read, HandlerLoadError for a handler that cannot be loaded.
 */
export async function createEngine<const A extends readonly Agent[] = readonly []>(
  options: EngineOptions<A> = {},
): Promise<Engine<A>> {
  checkOptions('engine', options);
  // Loaded only by those who have one: start-up is for all.
  const tuning =
    options.config === undefined
      ? undefined
      : await import('./contract/tuning.ts').then(({ tuningOf }) => tuningOf(options.config!));
  const engine = new SpillwayEngine(
    tuning?.complete(options) ?? options,
    tuning?.agent ?? ((agent) => agent),
  );
  await engine.start(options.agents ?? []);
  return engine as unknown as Engine<A>;
}
