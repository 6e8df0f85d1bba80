import type { Worker } from 'node:worker_threads';
import { transfer } from 'comlink';
import { EngineClosedError, HandlerLoadError } from '../contract/errors.ts';
import type { ThreadFault } from '../contract/fault.ts';
import { DEFAULTS } from '../contract/options.ts';
import type { AgentRef } from '../contract/task.ts';
import { fromWire } from '../contract/thrown.ts';
import type { Hello, IsolationSetup, Reply, ThreadReports, WireThrown } from '../contract/wire.ts';
import { LoadVerdict } from './load-verdict.ts';
import { Nursery } from './nursery.ts';
import { loadedInTime, SlowStartError, type StartBound } from './slow-start.ts';
import { ThreadLink } from './thread-link.ts';

/** An agent whose handler is a module that threads import. */
export interface ThreadAgentRef extends AgentRef {
  readonly module: string;
  readonly exportName: string;
  /** Its handler runs in a child process of each thread. */
  readonly isIsolated: boolean;
  readonly stallMs: number | undefined;
  /** What stands before its handler, for drills. */
  readonly faults: readonly ThreadFault[];
}

/** What the roster tells the lane. */
export interface RosterEvents {
  ready(link: ThreadLink): void;
  dead(link: ThreadLink, cause: unknown): void;
  /** A thread has ended that was told to, with nothing left to do. */
  retired(link: ThreadLink): void;
  /** A thread cannot load the handler of an agent that was taken on before; no other will be asked to. */
  cannotLoad(agent: ThreadAgentRef, error: HandlerLoadError): void;
  /** Threads die before their first word. */
  cannotStart(error: Error): void;
  /** Where the reports of a new thread's handlers go. */
  reportsOf(link: () => ThreadLink): ThreadReports;
  reply(link: ThreadLink, reply: Reply): void;
  /** How many are to take work. */
  wanted(): number;
  /** How long a new thread is to wait before it takes work, in milliseconds. */
  startDelayMs(): number;
}

/** The threads that are up, and the handlers that each of them has to load before it takes work. */
export class ThreadRoster {
  /** Threads that have said hello and are not dead, by slot. */
  readonly links = new Map<number, ThreadLink>();
  /** Those that take work. */
  ready: readonly ThreadLink[] = [];
  /** Keeps the child processes of isolated handlers; to be closed when the threads are dead. */
  readonly nursery = new Nursery();
  private readonly cells: number;
  private readonly bound: StartBound;
  private readonly events: RosterEvents;
  private readonly agents = new Map<number, ThreadAgentRef>();
  /** Agents whose `addAgent` has not ended. */
  private readonly adding = new Map<number, LoadVerdict>();
  private readonly firstReady: Promise<void>;
  private onFirstReady!: () => void;
  private onNeverReady!: (error: unknown) => void;
  /** A thread died of some module that it was loading: the next ones load one at a time, so that it is known which. */
  private oneByOne = false;
  private gone: Error | undefined = undefined;

  constructor(cells: number, bound: StartBound, events: RosterEvents) {
    this.cells = cells;
    this.bound = bound;
    this.events = events;
    this.firstReady = new Promise((resolve, reject) => {
      this.onFirstReady = resolve;
      this.onNeverReady = reject;
    });
    // Whoever adds an agent sees it; with no agent there is nobody to tell.
    this.firstReady.catch(() => undefined);
  }

  /**
   * Loads an agent's handler on every thread that is up, and from now on on every new one. Resolves when all have it;
   * if none is up yet, when the first one has it.
   * @throws HandlerLoadError if a thread cannot load it; Error if no thread can be started.
   */
  async addAgent(agent: ThreadAgentRef): Promise<void> {
    if (this.gone !== undefined) throw this.gone;
    this.agents.set(agent.id, agent);
    const verdict = new LoadVerdict();
    this.adding.set(agent.id, verdict);
    try {
      const { answering } = this;
      await Promise.all(answering.map((link) => this.load(link, agent)));
      // All may have died of something else; whether it was that, those that replace them show.
      if (!verdict.isKnown && answering.length > 0) this.oneByOne = true;
      if (answering.length > 0) await verdict.known;
      if (this.ready.length === 0) await this.firstReady;
    } finally {
      this.adding.delete(agent.id);
    }
    if (verdict.error !== undefined) throw verdict.error;
  }

  /** Threads with nothing to do. */
  get idle(): number {
    let idle = 0;
    for (const link of this.ready) if (link.open === 0) idle++;
    return idle;
  }

  removeAgent(agent: AgentRef): void {
    this.agents.delete(agent.id);
    this.adding.get(agent.id)?.settle();
    // A thread that died meanwhile has forgotten the handler anyway.
    for (const link of this.answering) link.control.unload(agent.id).catch(() => undefined);
  }

  /** Threads that answer on their control channel: those that take work, could, or finish what they have. */
  get answering(): readonly ThreadLink[] {
    return [...this.links.values()].filter(isUp);
  }

  /** Puts the agent's faults before its handler on every thread; those that come up later get them with it. */
  putFaults({ id, faults }: ThreadAgentRef): void {
    // A thread that dies meanwhile needs them no more.
    for (const link of this.links.values()) link.control.faults(id, faults).catch(() => undefined);
  }

  /** A new thread has said hello: it loads every handler, then takes work. */
  async welcome(hello: Hello, worker: Worker): Promise<void> {
    const link: ThreadLink = new ThreadLink(
      hello,
      worker,
      this.cells,
      this.events.reportsOf(() => link),
      this.events.reply,
    );
    let cause: unknown;
    worker.once('error', (error) => {
      cause = error;
      if (isUp(link)) link.state = 'dying';
    });
    worker.once('exit', (code) => {
      const before = link.state;
      link.drain();
      link.state = 'dead';
      this.links.delete(link.slot);
      this.ready = this.ready.filter((other) => other !== link);
      if (before === 'retired') {
        this.events.retired(link);
        return;
      }
      this.events.dead(link, cause ?? link.takenBecause ?? new Error(`the thread exited with code ${code}`));
      if (before === 'loading') this.oneByOne = true;
      this.fillUp();
    });
    this.links.set(link.slot, link);
    await this.pause(link);
    await this.loadAll(link);
    if (link.state !== 'loading') return;
    this.oneByOne = false;
    link.state = 'standby';
    this.fillUp();
  }

  /** One that has loaded all and takes no work. */
  get standby(): ThreadLink | undefined {
    return [...this.links.values()].find(({ state }) => state === 'standby');
  }

  /** As many take work as are to: the others stand by. One that was taken counts until it is dead, and charged for. */
  fillUp(): void {
    const links = [...this.links.values()];
    let atWork = links.filter(({ state }) => state === 'ready' || state === 'dying').length;
    for (const link of links) {
      if (atWork >= this.events.wanted()) return;
      if (link.state !== 'standby') continue;
      this.recall(link);
      atWork++;
    }
  }

  /** A thread takes no more work; what it has not started goes back, what it has started it finishes. */
  drain(link: ThreadLink): void {
    link.state = 'draining';
    this.ready = this.ready.filter((other) => other !== link);
  }

  /** Ends a thread, whatever it does; it takes no more work from now on. What it had is seen to when it is dead. */
  take(link: ThreadLink, because: Error): void {
    link.state = 'dying';
    link.takenBecause = because;
    this.ready = this.ready.filter((other) => other !== link);
    void link.worker.terminate();
  }

  /** A thread that stood by, or was draining, takes work. */
  recall(link: ThreadLink): void {
    link.state = 'ready';
    this.ready = [...this.ready, link];
    this.onFirstReady();
    this.events.ready(link);
  }

  /** There will be no threads any more. */
  giveUp(error: unknown): void {
    if (this.gone !== undefined) return;
    this.gone = new Error('worker threads cannot be started', { cause: error });
    this.stopWaiting(this.gone);
    this.events.cannotStart(this.gone);
  }

  /** No thread comes up any more. */
  close(): void {
    this.stopWaiting(new EngineClosedError());
  }

  /** Whoever waits for a thread is told that none comes. */
  private stopWaiting(error: Error): void {
    this.onNeverReady(error);
    for (const verdict of this.adding.values()) verdict.fail(error);
  }

  private async loadAll(link: ThreadLink): Promise<void> {
    const loaded = new Set<number>();
    const missing = () => [...this.agents.values()].filter((agent) => !loaded.has(agent.id));
    // Agents may be added while others load.
    for (let agents = missing(); agents.length > 0 && link.state === 'loading'; agents = missing()) {
      if (this.oneByOne) agents = agents.slice(0, 1);
      for (const agent of agents) loaded.add(agent.id);
      await Promise.all(agents.map((agent) => this.load(link, agent)));
    }
  }

  private async load(link: ThreadLink, agent: ThreadAgentRef): Promise<void> {
    const { id, name, module, exportName } = agent;
    // One that runs tasks meanwhile may die of them.
    const isLoading = link.state === 'loading';
    const alone = this.oneByOne && isLoading;
    try {
      if (agent.faults.length > 0) link.control.faults(id, agent.faults).catch(() => undefined);
      const isolation = agent.isIsolated ? this.isolationOf(agent) : undefined;
      const loading = link.control.load(id, name, module, exportName, isolation) as Promise<
        WireThrown | undefined
      >;
      const failure = await link.during(loadedInTime(link, loading, this.bound));
      if (failure === undefined) {
        this.adding.get(id)?.settle();
        return;
      }
      this.cannotLoad(agent, new HandlerLoadError(name, module, exportName, fromWire(failure)));
    } catch (error) {
      const failure = new HandlerLoadError(name, module, exportName, error);
      const isSlow = error instanceof SlowStartError;
      if (isSlow && error.isBlocked) this.takeBlocked(link, error);
      if (alone || (isSlow && !(error.isBlocked && isLoading))) {
        // What still loads, in a process of its own maybe, is not waited for any more.
        if (isSlow) link.control.unload(id).catch(() => undefined);
        this.cannotLoad(agent, failure);
      }
      // Otherwise the thread is dead, of this or of another that it was loading, or of a task: the next ones show.
    }
  }

  /** The thread is lost to a module that it loads; it is not known to which of several. */
  private takeBlocked(link: ThreadLink, error: SlowStartError): void {
    this.oneByOne = true;
    if (link.state === 'loading' || link.state === 'ready') this.take(link, error);
  }

  private isolationOf({ stallMs = this.bound.stallMs }: ThreadAgentRef): IsolationSetup {
    const { startTimeoutMs } = this.bound;
    const nursery = this.nursery.port();
    return transfer({ stallMs, graceMs: DEFAULTS.agent.graceMs, startTimeoutMs, nursery }, [nursery]);
  }

  /** Threads have died in a row: another one has to wait. Tasks may wait for it, so this keeps the process alive. */
  private async pause(link: ThreadLink): Promise<void> {
    const delayMs = this.events.startDelayMs();
    if (delayMs === 0) return;
    let cancelTimer: () => void = () => undefined;
    const over = new Promise<void>((resolve) => {
      cancelTimer = this.bound.clock.schedule(delayMs, resolve);
    });
    await Promise.race([over, link.death]);
    cancelTimer();
  }

  private cannotLoad(agent: ThreadAgentRef, error: HandlerLoadError): void {
    // No new thread shall fail, or die, of it again.
    this.agents.delete(agent.id);
    const verdict = this.adding.get(agent.id);
    if (verdict === undefined) this.events.cannotLoad(agent, error);
    else verdict.refuse(error);
  }
}

function isUp({ state }: ThreadLink): boolean {
  return state === 'standby' || state === 'ready' || state === 'draining';
}
