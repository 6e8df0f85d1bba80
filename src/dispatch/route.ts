import { Flow } from '../admission/flow.ts';
import { classOf, HIGHEST } from '../admission/priority-class.ts';
import type { TaskOwner, TaskTarget } from '../contract/task.ts';
import type { HeapItem } from '../queue/indexed-heap.ts';
import { TaskQueue } from '../queue/task-queue.ts';
import type { Resource } from '../resources/resource.ts';
import type { AgentEntry } from './agent-entry.ts';
import type { Step } from './fallback-chain.ts';

/** A route's place among those of one lane that have a waiting task and an agent with room. */
export class ReadyEntry implements HeapItem {
  readonly route: Route;
  readonly agents: AgentEntry[] = [];
  key = 0;
  tie = 0;
  heapIndex = -1;

  constructor(route: Route) {
    this.route = route;
  }
}

/** Whether the task that goes next is of high priority. */
export function isHigh({ route }: ReadyEntry): boolean {
  return classOf(route.queue.peek()!.level) === HIGHEST;
}

/** Threads that only tasks of high priority may take. */
export function reservedBy({ agents }: ReadyEntry): number {
  return agents[0]!.station.reserved;
}

/** Where tasks wait: one for each agent's name, and one for each capability. */
export class Route implements TaskTarget {
  readonly kind: 'agent' | 'capability';
  readonly name: string;
  readonly owner: TaskOwner;
  readonly queue: TaskQueue;
  /** Its tasks, as admission sees them. */
  readonly flow: Flow;
  readonly threads = new ReadyEntry(this);
  readonly loop = new ReadyEntry(this);
  /** Those of both lanes. */
  agents: readonly AgentEntry[] = [];
  isMixed = false;
  /** Whether any agent can take tasks, now or later. */
  isOpen = false;
  /** Whether that is because its agents are still being loaded. */
  isLoading = false;
  hasSchema = false;
  /** What its tasks go on to if no agent takes them; the last agent's goes on to count when it is removed. */
  fallback: readonly Step[] = [];
  /** Whether any agent has a fallback. */
  hasFallback = false;
  /** Time that a task has from submit to its end, in milliseconds; `undefined` for no limit. */
  deadlineMs: number | undefined = undefined;
  /** What its agents draw on. */
  resources: readonly Resource[] = [];
  /** Whether any of its agents says what a task will use. */
  hasEstimates = false;

  constructor(kind: Route['kind'], name: string, owner: TaskOwner, ageMs: number, first: AgentEntry) {
    this.flow = new Flow(name, first.station, first.sloMs);
    this.kind = kind;
    this.name = name;
    this.owner = owner;
    this.queue = new TaskQueue(ageMs);
  }

  /** As errors show it: `agent "x"` or `capability "y"`. */
  get label(): string {
    return `${this.kind} "${this.name}"`;
  }

  add(agent: AgentEntry): void {
    this[agent.lane].agents.push(agent);
    agent.routes.push(this);
    this.update();
  }

  remove(agent: AgentEntry): void {
    const { agents } = this[agent.lane];
    agents.splice(agents.indexOf(agent), 1);
    this.update();
  }

  /** Why no agent takes tasks; goes on after the label. */
  get whyClosed(): string {
    if (this.isLoading) return 'is still being loaded';
    return this.agents.find((agent) => agent.failed)?.failedBecause ?? 'was removed';
  }

  /** The head has changed: it may have room where the one before had none. */
  reconsider(): void {
    for (const resource of this.resources) if (resource.isClosed) resource.reconsider(this.queue.peek());
  }

  /** To be called after an agent was switched on or off. */
  update(): void {
    const agents = [...this.threads.agents, ...this.loop.agents];
    this.agents = agents;
    this.isMixed = this.threads.agents.length > 0 && this.loop.agents.length > 0;
    this.isOpen = agents.some((agent) => agent.takesTasks);
    this.isLoading = agents.some((agent) => agent.loading);
    this.hasSchema = agents.some((agent) => agent.schema !== undefined);
    this.resources = [...new Set(agents.flatMap(({ spender }) => spender.resources))];
    this.hasEstimates = agents.some(({ spender }) => spender.hasEstimate);
    this.flow.serve(agents.filter((agent) => agent.takesTasks));
    if (agents.length === 0) return;
    this.fallback = agents.find(({ fallback }) => fallback.length > 0)?.fallback ?? [];
    this.hasFallback = this.fallback.length > 0;
    const deadlinesMs = agents.flatMap(({ deadlineMs }) => deadlineMs ?? []);
    this.deadlineMs = deadlinesMs.length === 0 ? undefined : Math.min(...deadlinesMs);
  }
}
