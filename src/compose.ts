import { infeasible } from './admission/flow.ts';
import { Gate } from './admission/gate.ts';
import { guardFrom, limitFrom, stationsFrom } from './admission/limit-from.ts';
import type { Stations } from './admission/stations.ts';
import { type Clock, systemClock, systemRandom, wallNowMs } from './contract/clock.ts';
import { DEFAULTS, type EngineOptions } from './contract/options.ts';
import type { AdmissionStats } from './contract/stats.ts';
import type { TaskOwner } from './contract/task.ts';
import { DeadLetterOffice } from './dead-letters/dead-letter-office.ts';
import { FailedAttempts } from './dispatch/attempt.ts';
import { Breakers } from './dispatch/breakers.ts';
import { Dispatcher } from './dispatch/dispatcher.ts';
import { FallbackChain } from './dispatch/fallback-chain.ts';
import { Overflow } from './dispatch/overflow.ts';
import { RetryBudget } from './dispatch/retry-budget.ts';
import { Settlement } from './dispatch/settlement.ts';
import { TaskDeadlines } from './dispatch/task-deadlines.ts';
import { Door } from './door.ts';
import { LoopLane } from './lanes/loop-lane.ts';
import { Ledger } from './resources/ledger.ts';
import { Resources } from './resources/resources.ts';
import { BreakerWatch } from './supervisor/breaker-watch.ts';
import { BulkCancel } from './supervisor/bulk-cancel.ts';
import type { EventHub } from './supervisor/event-hub.ts';
import { Faults } from './supervisor/faults.ts';
import { Health } from './supervisor/health.ts';
import { threadBounds } from './supervisor/lane-options.ts';
import { TaskNewcomers } from './supervisor/newcomers.ts';
import { Prober } from './supervisor/prober.ts';
import { Registry } from './supervisor/registry.ts';
import { Supervisor, type SupervisorParts } from './supervisor/supervisor.ts';
import { Arbiter } from './sync/arbiter.ts';
import { StallWatch } from './sync/stall-watch.ts';

/** The rooms of one engine, wired. */
export interface EngineParts {
  readonly clock: Clock;
  readonly policy: AdmissionStats['policy'];
  readonly queueLimit: number;
  readonly door: Door;
  readonly gate: Gate;
  readonly stations: Stations;
  readonly settlement: Settlement;
  readonly dispatcher: Dispatcher;
  readonly registry: Registry;
  readonly budget: RetryBudget;
  readonly supervisor: Supervisor;
  readonly breakerWatch: BreakerWatch;
  readonly health: Health;
  readonly prober: Prober;
  /** `undefined` unless the engine was created with `faults: true`. */
  readonly faults: Faults | undefined;
  readonly overflow: Overflow | undefined;
  readonly arbiter: Arbiter;
  readonly bulkCancel: BulkCancel;
  readonly deadLetters: DeadLetterOffice;
  readonly resources: Resources;
  readonly ledger: Ledger;
}

/** Wires the rooms in the order of a task's way: admission, queue, dispatch, lanes, settlement. `owner` is whom tasks belong to. */
export function compose(options: EngineOptions, owner: TaskOwner, hub: EventHub): EngineParts {
  const clock = options.clock ?? systemClock;
  const policy = options.admission?.policy ?? DEFAULTS.admission.policy;
  const isAdaptive = policy === 'adaptive';
  const sloMs = options.slo?.p99Ms ?? DEFAULTS.slo.p99Ms;
  const ageMs = options.queue?.ageMs ?? DEFAULTS.queue.ageMs;
  const queueLimit = options.queue?.limit ?? DEFAULTS.queue.limit;
  const stations = stationsFrom(options, {
    slots: (station) => dispatcher.slotsMade(station),
    pause: (station, pauseMs) => clock.schedule(pauseMs, () => station.resume(clock.now())),
    infeasible: (flow) => hub.emit('infeasible', infeasible(flow)),
  });
  const gate = new Gate(limitFrom(options, queueLimit), stations, clock, (error) =>
    hub.failed('admission', error),
  );
  const arbiter = new Arbiter(clock, {
    maxNames: options.sync?.maxNames ?? DEFAULTS.sync.maxNames,
    maxWaiters: options.sync?.maxWaiters ?? DEFAULTS.sync.maxWaiters,
  });
  const resources = new Resources(options.resources ?? {}, clock);
  const wallNow = () => clock.wallNow?.() ?? wallNowMs();
  const ledger = new Ledger(resources, options.budgets ?? [], wallNow, (event) => hub.emit('budget', event));
  const settlement = new Settlement(gate, clock);
  const emit: SupervisorParts['emit'] = (event, value) => hub.emit(event, value);
  const chain = new FallbackChain({ clock, settlement, routeOf: (name) => registry.routeOf(name), emit });
  const budget = new RetryBudget(options.retryBudget, clock.now(), 0);
  const random = options.random ?? systemRandom;
  const failures = new FailedAttempts({ clock, random, settlement, budget, chain, emit });
  const deadlines = new TaskDeadlines(clock, (task) => supervisor.expire(task));
  const dispatcher = new Dispatcher(clock, settlement, failures, ageMs, queueLimit, isAdaptive);
  resources.onOpen((resource) => dispatcher.slotsMade(resource));
  if (resources.all.length > 0) dispatcher.onStarted = resources.stamp;
  gate.guard = guardFrom(options, sloMs);
  dispatcher.onQueueRoom = () => gate.roomMade();
  gate.hasRoomInside = () => dispatcher.waiting < queueLimit;
  const loopLimit = isAdaptive ? DEFAULTS.agent.maxLimit : DEFAULTS.agent.limit;
  const breakers = new Breakers(clock);
  const registry = new Registry(owner, ageMs, { stations, breakers, ledger, sloMs, loopLimit });
  const overflow =
    options.overflow && new Overflow(options.overflow, clock, (error) => hub.failed('overflow', error));
  settlement.overflow = overflow;
  const deadLetters = new DeadLetterOffice(options.deadLetters ?? {}, {
    clock,
    wallNow,
    failed: (error) => hub.failed('deadLetters', error),
    lettered: (event) => hub.emit('deadLetter', event),
  });
  settlement.letters = deadLetters;
  settlement.poisonKills = options.poison?.kills ?? DEFAULTS.poison.kills;
  const parts = { clock, gate, stations, registry, dispatcher, settlement, resources, ledger };
  const door = new Door({ ...parts, deadlines, queueLimit, overflow, letters: deadLetters, isAdaptive });
  const loop = new LoopLane(clock, dispatcher);
  dispatcher.useLoop(loop);
  const { functions } = chain;
  const lane = () => supervisor.lane;
  const health = new Health(clock);
  const prober = new Prober({ clock, dispatcher, loop, lane });
  const supervisor = new Supervisor(
    { ...parts, failures, functions, loop, arbiter, health, prober, emit },
    options,
  );
  const breakerWatch = new BreakerWatch({
    clock,
    emit,
    availabilityChanged: (agent, why) => supervisor.availabilityChanged(agent, why),
    roomMade: ({ routes }) => {
      for (const route of routes) dispatcher.refresh(route);
      dispatcher.schedulePump();
    },
    probe: prober.tryBreaker,
  });
  breakers.events = breakerWatch;
  const faults = options.faults ? new Faults({ clock, random, registry, lane }) : undefined;
  const watches = { breakerWatch, health, prober, faults };
  const newcomers = new TaskNewcomers(
    registry,
    // Those that may come: what a barrier waits for may be on a thread that is not there yet.
    threadBounds(options.threads, stations.threads.reserved).max,
    () => dispatcher.room.asideCount,
  );
  new StallWatch(clock, arbiter, newcomers, {
    stallMs: options.sync?.stallMs ?? DEFAULTS.sync.stallMs,
    patienceMs: options.sync?.patienceMs ?? DEFAULTS.sync.patienceMs,
  });
  const bulkCancel = new BulkCancel({
    clock,
    live: settlement.live,
    lastSeq: () => door.lastSeq,
    cancel: (task, cause) => supervisor.cancel(task, 'cancelled', cause),
  });
  const made = { door, supervisor, budget, overflow, arbiter, bulkCancel, deadLetters };
  return { ...parts, ...made, ...watches, policy, queueLimit };
}
