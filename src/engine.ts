import type { Histogram } from 'hdr-histogram-js';
import { compose, type EngineParts } from './compose.ts';
import type { Agent } from './contract/agent.ts';
import type { CancelFilter, CancelOptions, CancelResult } from './contract/cancel.ts';
import { checkOptions } from './contract/check-options.ts';
import type { DeadLetters } from './contract/dead-letters.ts';
import type { Engine, ReadyOptions, StreamOptions } from './contract/engine.ts';
import { ConfigError, EngineClosedError } from './contract/errors.ts';
import type { EventStore } from './contract/event-store.ts';
import type { EngineEvents } from './contract/events.ts';
import { checkFallbacks, checkJoining } from './contract/fallback-graph.ts';
import type { FaultEnd, FaultOptions } from './contract/fault.ts';
import type { TaskOptions } from './contract/handle.ts';
import type { EngineHealth } from './contract/health.ts';
import { DEFAULTS, type EngineOptions, priorityLevel } from './contract/options.ts';
import type { Outcome } from './contract/outcome.ts';
import { mayGoUnheard, rejected } from './contract/rejected.ts';
import type { ScaleSignal } from './contract/scaling.ts';
import type { EngineStats, ThreadHeap } from './contract/stats.ts';
import type { EngineSync } from './contract/sync.ts';
import type { Task } from './contract/task.ts';
import type { StartOptions } from './contract/workflow.ts';
import type { Workflow } from './contract/workflow-definition.ts';
import type { ResumeOptions, WorkflowRun } from './contract/workflow-run.ts';
import { validInput } from './dispatch/input.ts';
import { checkSource, type StreamPort, TaskStream } from './stream.ts';
import { EventHub } from './supervisor/event-hub.ts';
import { engineStats, histogramOf } from './supervisor/statistics.ts';
import { OutsideSync } from './sync/desks.ts';
import { TaskDesk } from './task-desk.ts';
import type { Runs } from './workflow/runs.ts';

/** Any target, as the typed methods hand it on. */
type AnyTarget = string | { readonly capability: string };

/** What callers see of an engine; the work is done in the rooms. */
class SpillwayEngine {
  private readonly parts: EngineParts;
  private readonly closeTimeoutMs: number;
  private readonly bornAtMs: number;
  private readonly journal: EventStore | undefined;
  private readonly hub = new EventHub();
  /** Completes an agent by the tuned configuration. */
  private readonly tuned: (agent: Agent) => Agent;
  private closing: Promise<void> | undefined = undefined;
  private runs: Runs | undefined = undefined;
  readonly sync: EngineSync;

  constructor(options: EngineOptions, tuned: (agent: Agent) => Agent) {
    this.tuned = tuned;
    const desk = new TaskDesk(this.hub);
    this.parts = compose(options, desk, this.hub);
    desk.open(this.parts);
    this.sync = new OutsideSync(this.parts.arbiter);
    this.bornAtMs = this.parts.clock.now();
    this.journal = options.journal;
    this.closeTimeoutMs = options.closeTimeoutMs ?? DEFAULTS.closeTimeoutMs;
  }

  async boot(agents: readonly Agent[]): Promise<void> {
    try {
      const { supervisor, overflow, door, deadLetters } = this.parts;
      await Promise.all(agents.map((agent) => supervisor.add(this.tuned(agent))));
      await deadLetters.start(door.redrivePort);
      await overflow?.start(door.overflowPort(this.overflowFailed));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  run(target: AnyTarget, input: unknown, options?: TaskOptions): Promise<unknown> {
    const { door, clock } = this.parts;
    try {
      const route = door.route(target, options);
      const payload = validInput(route, input);
      const level = priorityLevel(options?.priority);
      const nowMs = clock.now();
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
    const { door, clock } = this.parts;
    const route = door.route(target, options);
    const payload = validInput(route, input);
    const level = priorityLevel(options?.priority);
    const nowMs = clock.now();
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
    const { door, gate, clock } = this.parts;
    const { flow } = door.route(target, undefined);
    const { priority, timeoutMs, deadlineMs, retry, tenant, tags, workflow } = options;
    const level = priorityLevel(priority);
    const taskOptions: TaskOptions = {
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(deadlineMs !== undefined && { deadlineMs }),
      ...(retry !== undefined && { retry }),
      ...(tenant !== undefined && { tenant }),
      ...(tags !== undefined && { tags }),
      ...(workflow !== undefined && { workflow }),
    };
    const port: StreamPort = {
      trySubmit: (input) => {
        const route = door.route(target, undefined);
        const payload = validInput(route, input);
        const nowMs = clock.now();
        if (door.enter(route, level, tenant, nowMs) !== undefined) return undefined;
        const task = door.makeTask(route, input, payload, level, nowMs, taskOptions);
        task.patient = true;
        door.admit(task, route, taskOptions);
        return task;
      },
      ready: (wait = {}) => mayGoUnheard(door.room(wait, flow)),
      hasRoom: (atLevel) => gate.hasRoom(atLevel, flow),
      defer: (fn) => clock.defer(fn),
    };
    return new TaskStream(port, source, options);
  }

  start(workflow: Workflow, input: unknown, options: StartOptions = {}): Promise<WorkflowRun> {
    return mayGoUnheard(this.loadRuns().then((runs) => runs.start(workflow, input, options)));
  }

  resume(workflow: Workflow, token: string, options: ResumeOptions = {}): Promise<WorkflowRun> {
    return mayGoUnheard(this.loadRuns().then((runs) => runs.resume(workflow, token, options)));
  }

  workflowRun(id: string): WorkflowRun | undefined {
    return this.runs?.get(id);
  }

  cancel(filter: CancelFilter, options: CancelOptions = {}): CancelResult {
    return this.parts.bulkCancel.run(filter, options);
  }

  ready(options: ReadyOptions = {}): Promise<void> {
    return mayGoUnheard(this.parts.door.room(options, undefined));
  }

  register(agent: Agent): Promise<this> {
    return mayGoUnheard(this.add(agent));
  }

  remove(name: string): boolean {
    const { registry, supervisor } = this.parts;
    const entry = registry.agents.get(name);
    if (entry === undefined) return false;
    supervisor.remove(entry);
    return true;
  }

  get deadLetters(): DeadLetters {
    return this.parts.deadLetters;
  }

  stats(): EngineStats {
    const { gate, overflow, deadLetters, ledger } = this.parts;
    const nowMs = this.parts.clock.now();
    return engineStats({
      ...this.parts,
      uptimeMs: nowMs - this.bornAtMs,
      nowMs,
      sheds: gate.sheds,
      loadFactor: gate.load(),
      overflow: overflow?.stats(),
      deadLetters: deadLetters.stats(),
      cost: ledger.stats(),
    });
  }

  scaleSignal(): ScaleSignal {
    return this.parts.supervisor.scaleSignal();
  }

  health(): EngineHealth {
    const { health, registry } = this.parts;
    return health.report(registry.agents.values());
  }

  injectFault(fault: FaultOptions): FaultEnd {
    const { faults } = this.parts;
    if (this.closing !== undefined) throw new EngineClosedError();
    if (faults !== undefined) return faults.inject(fault);
    const message =
      'faults: expected an engine that was created with { faults: true }; drills are off by default';
    throw new ConfigError('FAULTS_DISABLED', 'faults', message, { expected: 'true' });
  }

  heaps(options: { readonly timeoutMs?: number } = {}): Promise<readonly ThreadHeap[]> {
    checkOptions('heaps', options, 'heaps');
    return this.parts.supervisor.heaps(options.timeoutMs ?? DEFAULTS.heapsTimeoutMs);
  }

  histogram(name: string, kind: 'wait' | 'service' | 'total'): Histogram {
    return histogramOf(this.parts.registry.agents.get(name), name, kind);
  }

  on<E extends keyof EngineEvents>(event: E, listener: (value: EngineEvents[E]) => void): () => void {
    return this.hub.on(event, listener);
  }

  close(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    checkOptions('close', options, 'close');
    this.parts.door.isClosed = true;
    this.closing ??= this.shutDown(options.timeoutMs ?? this.closeTimeoutMs);
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Loaded only by those who use workflows. */
  private async loadRuns(): Promise<Runs> {
    const { startRuns } = await import('./workflow/start-runs.ts');
    if (this.closing !== undefined) throw new EngineClosedError();
    const { registry, clock } = this.parts;
    const agents = () => [...registry.definitions()];
    const register = (agent: Agent) => this.register(agent);
    this.runs ??= startRuns({ engine: this, clock, agents, register, journal: this.journal });
    return this.runs;
  }

  private async add(agent: Agent): Promise<this> {
    if (this.closing !== undefined) throw new EngineClosedError();
    checkOptions('agent', agent, 'agent');
    checkJoining(agent, this.parts.registry.definitions());
    await this.parts.supervisor.add(this.tuned(agent));
    return this;
  }

  private async shutDown(timeoutMs: number): Promise<void> {
    const { gate, supervisor, breakerWatch, prober, faults, overflow, deadLetters, resources } = this.parts;
    prober.close();
    faults?.endAll();
    const runsClosed = this.runs?.close(timeoutMs);
    gate.wakeAll();
    await Promise.all([gate.empty(timeoutMs), runsClosed]);
    supervisor.abortAll('shutdown');
    breakerWatch.close();
    resources.close();
    await supervisor.close();
    this.parts.arbiter.close();
    await overflow?.close(timeoutMs);
    await deadLetters.close();
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
  checkFallbacks(options.agents ?? []);
  // Loaded only by those who have one: start-up is for all.
  const tuning =
    options.config === undefined
      ? undefined
      : await import('./contract/tuning.ts').then(({ tuningOf }) => tuningOf(options.config!));
  const engine = new SpillwayEngine(
    tuning?.complete(options) ?? options,
    tuning?.agent ?? ((agent) => agent),
  );
  await engine.boot(options.agents ?? []);
  return engine as unknown as Engine<A>;
}
