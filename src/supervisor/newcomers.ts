import type { AgentEntry } from '../dispatch/agent-entry.ts';
import type { Party } from '../sync/party.ts';
import type { Rounds } from '../sync/rounds.ts';
import type { Newcomers, Prospect } from '../sync/stall-watch.ts';
import type { Registry } from './registry.ts';

/** What an agent had done, and had to do, when somebody had just come to a barrier. */
interface Mark {
  readonly ended: number;
  readonly outstanding: number;
}

/** Of an agent that was registered since. */
const NEW: Mark = { ended: 0, outstanding: 0 };

interface Marks {
  /** How many had come. */
  readonly arrivals: number;
  readonly byAgent: ReadonlyMap<AgentEntry, Mark>;
}

/** Tells from what agents have to do whether anybody could still come to a barrier. */
export class TaskNewcomers implements Newcomers {
  private readonly registry: Registry;
  /** Threads that there are, or are on their way. */
  private readonly threads: number;
  /** Tasks that wait until they are tried again. */
  private readonly aside: () => number;
  private readonly marks = new WeakMap<Rounds, Marks>();

  constructor(registry: Registry, threads: number, aside: () => number) {
    this.aside = aside;
    this.registry = registry;
    this.threads = threads;
  }

  prospect(rounds: Rounds, stuck: ReadonlySet<Party>): Prospect {
    const marks = this.marksOf(rounds);
    const stuckTasks = new Map<AgentEntry, number>();
    const stuckThreads = new Set<number>();
    for (const task of new Set([...stuck].map((party) => party.task))) {
      const agent = task?.agent as AgentEntry | undefined;
      if (agent !== undefined) stuckTasks.set(agent, (stuckTasks.get(agent) ?? 0) + 1);
    }
    for (const { threadId } of stuck) if (threadId !== undefined) stuckThreads.add(threadId);
    const threadsGoOn = this.threads > stuckThreads.size;
    let prospect: Prospect = this.aside() > 0 ? 'had their chance' : 'nobody';
    for (const agent of this.registry.agents.values()) {
      const going = agent.inFlight - (stuckTasks.get(agent) ?? 0);
      if (
        !(agent.lane === 'threads' ? threadsGoOn && hasTasks(agent, going) : goesOn(agent, going, stuckTasks))
      )
        continue;
      const { ended, outstanding } = marks.byAgent.get(agent) ?? NEW;
      if (endedOf(agent) - ended < Math.max(1, outstanding)) return 'somebody';
      prospect = 'had their chance';
    }
    return prospect;
  }

  /** How it was when the last one came. */
  private marksOf(rounds: Rounds): Marks {
    const known = this.marks.get(rounds);
    if (known?.arrivals === rounds.arrivals) return known;
    const byAgent = new Map<AgentEntry, Mark>();
    for (const agent of this.registry.agents.values())
      byAgent.set(agent, { ended: endedOf(agent), outstanding: agent.inFlight + waitingOf(agent) });
    const marks = { arrivals: rounds.arrivals, byAgent };
    this.marks.set(rounds, marks);
    return marks;
  }
}

/** Whether an agent of the loop lane has a task that is not stuck, or one that can start. */
function goesOn(agent: AgentEntry, going: number, stuck: ReadonlyMap<AgentEntry, number>): boolean {
  if (going > 0) return true;
  if (waitingOf(agent) === 0) return false;
  if (agent.hasRoom) return true;
  if (agent.inFlight >= agent.limit) return false;
  // Others fill the upstream: a place comes free unless all of them are stuck.
  let stuckThere = 0;
  for (const other of agent.station.servers) stuckThere += stuck.get(other as AgentEntry) ?? 0;
  return agent.station.running > stuckThere;
}

function hasTasks(agent: AgentEntry, going: number): boolean {
  return going > 0 || waitingOf(agent) > 0;
}

function waitingOf(agent: AgentEntry): number {
  let waiting = 0;
  for (const route of agent.routes) waiting += route.queue.size;
  return waiting;
}

function endedOf({ counts }: AgentEntry): number {
  return counts.completed + counts.failed + counts.cancelled;
}
