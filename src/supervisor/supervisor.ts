import type { Stations } from '../admission/stations.ts';
import type { Agent } from '../contract/agent.ts';
import type { Clock } from '../contract/clock.ts';
import type { EngineEvents } from '../contract/events.ts';
import { DEFAULTS, type EngineOptions } from '../contract/options.ts';
import type { AbortReason } from '../contract/outcome.ts';
import type { ScaleSignal } from '../contract/scaling.ts';
import type { ThreadHeap } from '../contract/stats.ts';
import { STATE, type Task } from '../contract/task.ts';
import type { AgentEntry } from '../dispatch/agent-entry.ts';
import type { FailedAttempts } from '../dispatch/attempt.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import type { FallbackFunctions } from '../dispatch/fallback-function.ts';
import type { Route } from '../dispatch/route.ts';
import type { Settlement } from '../dispatch/settlement.ts';
import { type LoopLane, startOf } from '../lanes/loop-lane.ts';
import type { ThreadLane } from '../lanes/thread-lane.ts';
import type { Arbiter } from '../sync/arbiter.ts';
import { BlockedThreads } from './blocked-threads.ts';
import { DeathCharges } from './death-charges.ts';
import type { Health } from './health.ts';
import type { Prober } from './prober.ts';
import { Recoveries } from './recoveries.ts';
import type { Registry } from './registry.ts';
import { RetiredThreads } from './retired-threads.ts';
import type { ThreadHealth } from './thread-health.ts';
import type { ThreadScaler } from './thread-scaler.ts';

/** What the supervisor works with. */
export interface SupervisorParts {
  readonly clock: Clock;
  readonly registry: Registry;
  readonly stations: Stations;
  readonly dispatcher: Dispatcher;
  readonly settlement: Settlement;
  readonly failures: FailedAttempts;
  readonly functions: FallbackFunctions;
  readonly loop: LoopLane;
  readonly arbiter: Arbiter;
  readonly health: Health;
  readonly prober: Prober;
  readonly emit: <E extends keyof EngineEvents>(event: E, value: EngineEvents[E]) => void;
}

/** Owns the agents and the threads: starts, watches and replaces them, and ends what has to end. */
export class Supervisor {
  private readonly parts: SupervisorParts;
  private readonly options: EngineOptions;
  private readonly charges: DeathCharges;
  private readonly recoveries: Recoveries;
  private starting: Promise<ThreadLane> | undefined = undefined;
  private health: ThreadHealth | undefined = undefined;
  private scaler: ThreadScaler | undefined = undefined;
  /** Set once an agent needs threads. */
  lane: ThreadLane | undefined = undefined;
  readonly retired = new RetiredThreads();

  constructor(parts: SupervisorParts, options: EngineOptions) {
    this.parts = parts;
    this.options = options;
    const { max = DEFAULTS.restarts.max, windowMs = DEFAULTS.restarts.windowMs } = options.restarts ?? {};
    this.charges = new DeathCharges(parts.clock, { max, windowMs });
    this.recoveries = new Recoveries(parts.clock, parts.prober, (agent) => {
      this.switchOn(agent);
      this.reportState(agent);
    });
    parts.dispatcher.onAgentChange = (agent) => {
      if (agent.removed && agent.inFlight === 0) this.forget(agent);
      this.reportState(agent);
    };
    parts.dispatcher.onOrphan = (route) => this.failUnserved(route);
  }

  /** Adds an agent and loads its handler. If that fails the agent is gone again. */
  async add(agent: Agent): Promise<void> {
    const entry = this.parts.registry.add(agent);
    if (entry.lane === 'loop') {
      this.switchOn(entry);
      return;
    }
    // Nothing is sent to a thread before it has the handler.
    entry.loading = true;
    this.switchOff(entry, 'is still being loaded');
    try {
      const lane = await this.threads();
      await lane.roster.addAgent(entry);
      entry.loading = false;
      if (!entry.removed) this.switchOn(entry);
    } catch (error) {
      this.remove(entry);
      throw error;
    }
  }

  remove(entry: AgentEntry): void {
    this.recoveries.cancel(entry);
    this.charges.forget(entry);
    for (const route of this.parts.registry.remove(entry)) this.failUnserved(route);
    // Its running attempts may still need the handler.
    if (entry.inFlight === 0) this.forget(entry);
  }

  /** A removed agent's last attempt has ended. */
  private forget(entry: AgentEntry): void {
    this.lane?.roster.removeAgent(entry);
    this.parts.registry.forget(entry);
  }

  /** Ends a task early; false if it has ended. */
  cancel(task: Task, reason: AbortReason, cause: unknown): boolean {
    if (task.ended) return false;
    const { settlement } = this.parts;
    this.cutShort(task, reason, (startedAtMs) => settlement.cancel(task, reason, cause, startedAtMs));
    return true;
  }

  /** A task's time for all of its attempts is over. */
  expire(task: Task): void {
    if (task.ended) return;
    const { settlement } = this.parts;
    this.cutShort(task, 'timeout', (startedAtMs) => settlement.expire(task, startedAtMs));
  }

  /** Ends a task wherever it is. `settle` is given the start of its attempt, if one runs. */
  private cutShort(task: Task, reason: AbortReason, settle: (startedAtMs?: number) => void): void {
    const { clock, dispatcher, settlement, loop, functions } = this.parts;
    if (task.stateCode === STATE.pending) {
      dispatcher.withdraw(task);
      settle();
      return;
    }
    const { place } = task;
    const run = functions.runOf(task);
    if (run !== undefined) settlement.noteFallback(task, run.agent, undefined, run.startedAtMs, clock.now());
    settle(run?.startedAtMs ?? startOf(task) ?? this.lane?.startOf(task));
    functions.abandon(place);
    if ((task.agent as AgentEntry | undefined)?.lane === 'loop') {
      loop.abandon(place);
      dispatcher.leftLane(task);
    }
    this.lane?.stop(task, place, reason);
  }

  /** Ends every task that has not ended. */
  abortAll(reason: AbortReason): void {
    const { live } = this.parts.settlement;
    // First what waits, so that nothing of it starts in the places of what runs.
    for (const task of live) if (task.stateCode === STATE.pending) this.cancel(task, reason, undefined);
    for (const task of live) this.cancel(task, reason, undefined);
  }

  async close(): Promise<void> {
    this.recoveries.close();
    this.charges.close();
    this.health?.close();
    this.scaler?.close();
    const lane = await this.starting?.catch(() => undefined);
    if (lane === undefined) return;
    const { drainThreads } = await import('./threads.ts');
    await drainThreads(lane.roster.answering, DEFAULTS.agent.graceMs, this.parts.clock);
    await lane.close();
  }

  async heaps(timeoutMs: number): Promise<readonly ThreadHeap[]> {
    const lane = await this.starting?.catch(() => undefined);
    if (lane === undefined) return [];
    const { heapsOfThreads } = await import('./threads.ts');
    return heapsOfThreads(lane.roster.answering, timeoutMs, this.parts.clock);
  }

  /** How many threads it would take. Without agents that need any: none. */
  scaleSignal(): ScaleSignal {
    return this.scaler?.signal() ?? { wanted: 0, current: 0, why: 'steady', load: 0, waitMs: 0 };
  }

  /** Starts the threads, once. Loaded late: engines without CPU agents never pay for it. */
  private threads(): Promise<ThreadLane> {
    this.starting ??= this.startThreads();
    return this.starting;
  }

  private async startThreads(): Promise<ThreadLane> {
    const { laneOptions, ThreadHealth, ThreadLane, ThreadScaler, threadBounds } = await import(
      './threads.ts'
    );
    const { clock, dispatcher, failures, registry, stations, emit } = this.parts;
    const { threads } = this.options;
    const { reserved } = stations.threads;
    const stallMs = this.options.sync?.stallMs ?? DEFAULTS.sync.stallMs;
    const tellBlocked = (event: EngineEvents['threadsBlocked']) => emit('threadsBlocked', event);
    const blocked = new BlockedThreads(clock, this.parts.arbiter, stallMs, tellBlocked);
    const options = { ...laneOptions(this.options, reserved), arbiter: this.parts.arbiter };
    const lane = new ThreadLane(options, clock, dispatcher, {
      posted: () => this.health!.watch(),
      syncWaits: () => blocked.changed(lane),
      cannotLoad: (agent, error) =>
        this.giveUp(agent as AgentEntry, `is switched off, register it anew: ${error.message}`),
      childLost: (id) => {
        for (const agent of registry.agents.values()) if (agent.id === id) this.blame(agent);
      },
      cannotStart: (error) => {
        for (const agent of registry.agents.values())
          if (agent.lane === 'threads') this.giveUp(agent, `is switched off: ${error.message}`);
      },
      threadReady: (link) => {
        stations.threads.slots = Math.max(1, lane.readyThreads);
        blocked.changed(lane);
        emit('threadReady', { threadId: link.threadId });
      },
      threadRetired: (link) => {
        stations.threads.slots = Math.max(1, lane.readyThreads);
        this.retired.add(lane, link);
        blocked.changed(lane);
      },
      threadLost: (link, culprit, cause) => {
        stations.threads.slots = Math.max(1, lane.readyThreads);
        this.retired.keep(lane, link);
        blocked.changed(lane);
        const { threadId, recycling, takenBecause } = link;
        if (recycling && takenBecause) emit('threadRecycled', { threadId, ...recycling });
        else emit('threadLost', { threadId, agent: culprit?.name, cause });
        if (culprit !== undefined) this.blame(culprit as AgentEntry);
      },
    });
    const onChange = () => {
      stations.threads.slots = Math.max(1, lane.readyThreads);
      dispatcher.schedulePump();
    };
    this.health = new ThreadHealth(clock, lane, failures, { ...threads }, onChange);
    this.scaler = new ThreadScaler({ clock, lane, registry, reserved, emit, onChange }, this.options);
    while (lane.pool.size < threadBounds(threads, reserved).start) lane.pool.grow();
    dispatcher.useThreads(lane);
    this.lane = lane;
    return lane;
  }

  /** An agent's task took a thread with it. Too many, and the agent is switched off for a window. */
  private blame(agent: AgentEntry): void {
    const { max, windowMs } = this.charges.bounds;
    if (this.charges.charge(agent) || agent.failed || agent.removed) return;
    const why = `its tasks killed more than ${max} threads within that time`;
    this.giveUp(agent, `is switched off for ${windowMs} ms: ${why}`);
    this.recoveries.after(agent, windowMs);
  }

  /** Switches an agent off and fails what only it could take. One that is being added fails by itself. */
  private giveUp(agent: AgentEntry, why: string): void {
    if (agent.removed) return;
    this.recoveries.cancel(agent);
    this.switchOff(agent, why);
    this.reportState(agent);
    for (const route of agent.routes) this.failUnserved(route);
  }

  private switchOff(agent: AgentEntry, why: string): void {
    agent.failed = true;
    agent.failedBecause = why;
    this.parts.health.observe(agent, why);
    for (const route of agent.routes) route.update();
  }

  private switchOn(agent: AgentEntry): void {
    agent.failed = false;
    this.parts.health.observe(agent, 'its upstream is left alone by its breaker');
    for (const route of agent.routes) {
      route.update();
      this.parts.dispatcher.refresh(route);
    }
    this.parts.dispatcher.schedulePump();
  }

  /** Whether an agent takes tasks has changed from outside, or how many. */
  availabilityChanged(agent: AgentEntry, why: string): void {
    this.parts.health.observe(agent, why);
    for (const route of agent.routes) {
      route.update();
      this.failUnserved(route);
    }
    this.reportState(agent);
    this.parts.dispatcher.schedulePump();
  }

  /** Nobody is left to take what waits there. */
  private failUnserved(route: Route): void {
    const { dispatcher, failures } = this.parts;
    dispatcher.refresh(route);
    if (route.isOpen) return;
    for (let task = route.queue.peek(); task !== undefined; task = route.queue.peek()) {
      dispatcher.withdraw(task);
      failures.unserved(task, route);
    }
  }

  private reportState(agent: AgentEntry): void {
    const { state, reported: from } = agent;
    if (state === from) return;
    agent.reported = state;
    this.parts.emit('agentState', { agent: agent.name, from, to: state });
  }
}
