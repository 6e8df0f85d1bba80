import { classOf, LOWEST } from '../admission/priority-class.ts';
import type { Clock } from '../contract/clock.ts';
import { STATE, type Task } from '../contract/task.ts';
import type { BatchLane, Failure, LaneReport } from '../lanes/lane.ts';
import type { LoopLane } from '../lanes/loop-lane.ts';
import type { AgentEntry } from './agent-entry.ts';
import type { FailedAttempts } from './attempt.ts';
import { chooseAgent } from './choose-agent.ts';
import { HeadCheck } from './head-check.ts';
import { ReadyRoutes } from './ready-routes.ts';
import { isHigh, type Route, reservedBy } from './route.ts';
import { SettleClock } from './settle-clock.ts';
import type { Settlement } from './settlement.ts';
import { Waiting } from './waiting.ts';

const TURN_END = Promise.resolve();
/** Attempts started on the event loop before other events get their turn. */
const STARTS_PER_TURN = 1_000;

/**
 * Brings waiting tasks to agents. Routes that have both a waiting task and an agent with room stand in a heap for each
 * lane, so that neither many waiting tasks nor many agents make a decision slower than O(log n).
 */
export class Dispatcher implements LaneReport {
  private readonly clock: Clock;
  private readonly queueLimit: number;
  private readonly settlement: Settlement;
  private readonly ready: ReadyRoutes;
  private pumpScheduled = false;
  private starts = 0;
  private readonly settleClock: SettleClock;
  private readonly heads: HeadCheck;
  private readonly failures: FailedAttempts;
  private loop!: LoopLane;
  private threads: BatchLane | undefined = undefined;
  readonly room: Waiting;
  /** Tasks whose attempt has not ended. */
  running = 0;
  /** Called when an agent's attempt starts or ends. */
  onAgentChange: (agent: AgentEntry) => void = () => {};
  /** Called when a full queue has room again. */
  onQueueRoom: () => void = () => {};
  /** Called when attempts have started. */
  onStarted: () => void = () => {};
  /** Called when a task came back to a route that nobody serves any more. */
  onOrphan: (route: Route) => void = () => {};

  /** @param shedsLate whether tasks that can no longer meet their objective are shed when their turn comes */
  constructor(
    clock: Clock,
    settlement: Settlement,
    failures: FailedAttempts,
    ageMs: number,
    queueLimit: number,
    shedsLate: boolean,
  ) {
    this.settleClock = new SettleClock(clock);
    this.heads = new HeadCheck(settlement, failures, (task) => this.withdraw(task), shedsLate);
    this.failures = failures;
    this.room = new Waiting(clock, (task) => this.comeBack(task));
    failures.ways = this;
    this.queueLimit = queueLimit;
    this.clock = clock;
    this.settlement = settlement;
    this.ready = new ReadyRoutes(ageMs);
  }

  /** Tasks that wait, in the queues and for their next attempt. */
  get waiting(): number {
    return this.room.count;
  }

  /** The lanes report to the dispatcher, so they are made after it. */
  useLoop(lane: LoopLane): void {
    this.loop = lane;
  }

  useThreads(lane: BatchLane): void {
    this.threads = lane;
  }

  /** Takes an admitted task; it fails at once if no agent will ever take it. */
  enqueue(task: Task, route: Route): void {
    if (!route.isOpen) {
      this.failures.unserved(task, route);
      return;
    }
    this.room.push(route, task);
    if (route.queue.peek() === task) this.refresh(route);
    this.schedulePump();
  }

  /** Takes a task whose next attempt is due: where its age puts it, and past admission, which let it in before. */
  comeBack(task: Task): void {
    const route = task.target as Route;
    if (!route.isOpen) this.failures.unserved(task, route);
    else this.room.putBack(route, task);
    this.refresh(route);
    this.schedulePump();
  }

  /** Takes a waiting task out of its queue. */
  withdraw(task: Task): void {
    const route = task.target as Route;
    this.room.remove(route, task);
    this.refresh(route);
  }

  /** Moves a waiting task to the tail of another level. */
  rerank(task: Task, level: number): void {
    if (this.room.isAside(task)) {
      task.level = level;
      return;
    }
    const route = task.target as Route;
    this.room.remove(route, task);
    task.level = level;
    this.room.push(route, task);
    this.refresh(route);
    this.schedulePump();
  }

  /** See `ReadyRoutes`. */
  refresh(route: Route): void {
    if (route.resources.length > 0) route.reconsider();
    this.ready.refresh(route);
  }

  completed(task: Task, value: unknown, startedAtMs: number, endedAtMs: number): void {
    const agent = task.agent as AgentEntry;
    const nowMs = agent.lane === 'loop' ? endedAtMs : this.settleClock.at(endedAtMs);
    this.settlement.complete(task, agent, value, startedAtMs, endedAtMs, nowMs);
    this.free(agent, task);
  }

  failed(task: Task, failure: Failure, startedAtMs: number, endedAtMs: number): void {
    const agent = task.agent as AgentEntry;
    this.failures.failed(task, agent, failure, startedAtMs, endedAtMs);
    this.free(agent, task);
  }

  leftLane(task: Task): void {
    this.free(task.agent as AgentEntry, task);
  }

  returned(task: Task): void {
    const route = task.target as Route;
    const agent = task.agent as AgentEntry;
    if (!this.settlement.dropsProbe(task, agent)) {
      task.move(STATE.pending);
      task.agent = undefined;
      this.room.putBack(route, task);
    }
    if (agent.draws !== undefined) agent.draws.giveBack(task);
    this.free(agent, task);
    this.refresh(route);
    if (!route.isOpen) this.onOrphan(route);
  }

  roomMade(): void {
    this.schedulePump();
  }

  /** Starts whatever can start, once what runs now has returned: tasks submitted together travel together. */
  schedulePump(): void {
    if (this.pumpScheduled) return;
    this.pumpScheduled = true;
    void TURN_END.then(this.pump); // Cheaper than queueMicrotask, which keeps an async resource for each call.
  }

  private readonly pump = (): void => {
    this.pumpScheduled = false;
    if (this.threads !== undefined && this.running > 0 && this.ready.threads.size === 0)
      this.threads.balance();
    if (this.threads !== undefined && this.ready.threads.size > 0) this.pumpThreads(this.threads);
    if (this.ready.loop.size > 0) this.pumpLoop();
    this.onStarted();
  };

  private pumpLoop(): void {
    const nowMs = this.clock.now();
    let stale: Route | undefined;
    for (let entry = this.ready.loop.peek(); entry !== undefined; entry = this.ready.loop.peek()) {
      const agent = chooseAgent(entry.agents, 1);
      if (agent === undefined || !agent.station.hasSlot(classOf(entry.route.queue.peek()!.level))) {
        this.ready.loop.remove(entry);
        continue;
      }
      if (this.starts === STARTS_PER_TURN) break;
      if (this.starts++ === 0) this.clock.defer(this.nextTurn);
      if (!this.heads.isFit(entry.route, agent, nowMs)) continue;
      const task = this.take(entry.route, agent);
      // While no other route is ready, this one's place need not be kept up to date.
      if (this.ready.loop.size === 1 && entry.route.queue.size > 0) stale = entry.route;
      else this.refresh(entry.route);
      this.loop.start(task, agent, nowMs);
      if (stale !== undefined && this.ready.loop.size > 1) {
        this.refresh(stale);
        stale = undefined;
      }
    }
    if (stale !== undefined) this.refresh(stale);
  }

  private readonly nextTurn = (): void => {
    this.starts = 0;
    if (this.ready.loop.size > 0) this.schedulePump();
  };

  private pumpThreads(lane: BatchLane): void {
    const nowMs = this.clock.now();
    lane.relieve(nowMs);
    for (;;) {
      const head = this.ready.threads.peek();
      if (head === undefined) return;
      let link = lane.pick(nowMs);
      if (link === undefined) {
        if (!lane.reclaim(head.route.queue.peek()!.level, nowMs)) return;
        link = lane.pick(nowMs);
        if (link === undefined) return;
      }
      // The last idle threads may be reserved.
      const onlyHigh = lane.idleThreads <= reservedBy(head);
      if (onlyHigh && !isHigh(head)) return;
      if (!this.fill(lane, nowMs, onlyHigh)) return;
      lane.post(link, nowMs);
    }
  }

  /** Fills the lane's draft from the routes whose turn it is; false if nothing could be taken. */
  private fill(lane: BatchLane, nowMs: number, onlyHigh: boolean): boolean {
    const { draft } = lane;
    for (let entry = this.ready.threads.peek(); entry !== undefined; entry = this.ready.threads.peek()) {
      if (onlyHigh && !isHigh(entry)) break;
      // A capability may have agents on both lanes.
      const { route } = entry;
      const agent = chooseAgent(route.isMixed ? route.agents : entry.agents, lane.readyThreads);
      if (agent === undefined) {
        this.ready.threads.remove(entry);
        continue;
      }
      if (!this.heads.isFit(route, agent, nowMs)) continue;
      if (agent.lane === 'loop') {
        const task = this.take(route, agent);
        this.refresh(route);
        this.loop.start(task, agent, nowMs);
        continue;
      }
      if (!draft.offer(entry.route.queue.peek()!, agent)) break;
      this.take(route, agent);
      this.refresh(route);
    }
    return draft.tasks.length > 0;
  }

  private take(route: Route, agent: AgentEntry): Task {
    if (this.room.count === this.queueLimit) this.onQueueRoom();
    const task = this.room.pop(route);
    this.begin(task, agent);
    return task;
  }

  /** An attempt of the agent starts. What goes past the queue comes here directly. */
  begin(task: Task, agent: AgentEntry): void {
    this.running++;
    agent.station.running++;
    task.move(STATE.running);
    task.agent = agent;
    agent.take(task);
    if (agent.inFlight === 1 || agent.inFlight === agent.limit) this.onAgentChange(agent);
  }

  /** An attempt of the agent has left its lane. */
  private free(agent: AgentEntry, task: Task): void {
    const { station } = agent;
    const wasFull = agent.inFlight === agent.limit;
    const stationWasFull = !station.hasSlot(LOWEST);
    this.running--;
    station.running--;
    agent.leave(task);
    if (stationWasFull && station.servers.size > 1) this.refreshAll(station.servers);
    else if (wasFull || stationWasFull)
      for (const route of agent.routes) if (route.queue.size > 0) this.refresh(route);
    if (wasFull || agent.inFlight === 0) this.onAgentChange(agent);
    this.schedulePump();
  }

  /** A station, or a resource, has room for more than before. */
  slotsMade({ servers }: { readonly servers: Iterable<object> }): void {
    this.refreshAll(servers);
    this.schedulePump();
  }

  /** These agents may have room again. */
  private refreshAll(servers: Iterable<object>): void {
    for (const server of servers) {
      for (const route of (server as AgentEntry).routes) if (route.queue.size > 0) this.refresh(route);
    }
  }
}
