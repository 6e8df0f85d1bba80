import { DEFAULTS } from '../contract/options.ts';
import { meanServiceMs, type Workload, type WorkloadAgent } from './workload.ts';

/** Of the engine: across agents of the threads lane a task is put off by so many expected service times. */
const SHORTER_FIRST = 10;

/** Those of one agent and priority who wait, first in first out. */
interface Line {
  readonly agent: number;
  /** What to add to the arrival to get the key, the least of which goes first. */
  readonly offsetMs: number;
  readonly arrivalsMs: number[];
  first: number;
}

/**
 * Those who wait for one place, in the engine's order: the key is the arrival, less `ageMs` for each priority level; on
 * threads, plus ten expected service times of the agent, at most half a level (docs/ARCHITECTURE.md, "The queue").
 */
export class WaitingRoom {
  private readonly lines: readonly Line[];
  private readonly levels: number;
  private readonly firstLineOf = new Map<number, number>();

  constructor(
    members: readonly { readonly index: number; readonly agent: WorkloadAgent }[],
    { priorities }: Workload,
  ) {
    const { ageMs } = DEFAULTS.queue;
    this.levels = priorities.length;
    this.lines = members.flatMap(({ index, agent }, i) => {
      this.firstLineOf.set(index, i * this.levels);
      const putOffMs = agent.lane === 'threads' ? SHORTER_FIRST * meanServiceMs(agent) : 0;
      return priorities.map(({ level }) => ({
        agent: index,
        offsetMs: Math.min(putOffMs, ageMs / 2) - level * ageMs,
        arrivalsMs: [],
        first: 0,
      }));
    });
  }

  add(agent: number, priority: number, arrivalMs: number): void {
    this.lines[this.firstLineOf.get(agent)! + priority]!.arrivalsMs.push(arrivalMs);
  }

  /** Takes out who is next; `undefined` if nobody waits. */
  next(): { readonly agent: number; readonly arrivalMs: number } | undefined {
    let best: Line | undefined;
    let bestKeyMs = Number.POSITIVE_INFINITY;
    for (const line of this.lines) {
      const arrivalMs = line.arrivalsMs[line.first];
      if (arrivalMs === undefined || arrivalMs + line.offsetMs >= bestKeyMs) continue;
      best = line;
      bestKeyMs = arrivalMs + line.offsetMs;
    }
    if (best === undefined) return undefined;
    const arrivalMs = best.arrivalsMs[best.first++]!;
    // The front of the array is given back now and then, not at every step.
    if (best.first > 1_024 && 2 * best.first > best.arrivalsMs.length) {
      best.arrivalsMs.splice(0, best.first);
      best.first = 0;
    }
    return { agent: best.agent, arrivalMs };
  }
}
