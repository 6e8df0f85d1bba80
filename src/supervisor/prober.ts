import type { Clock } from '../contract/clock.ts';
import { CancelledError, type TaskError } from '../contract/errors.ts';
import { DEFAULTS, PRIORITY_LEVELS } from '../contract/options.ts';
import { Task } from '../contract/task.ts';
import type { AgentEntry } from '../dispatch/agent-entry.ts';
import type { Breaker } from '../dispatch/breaker.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import { validInput } from '../dispatch/input.ts';
import type { LoopLane } from '../lanes/loop-lane.ts';
import type { ThreadLane } from '../lanes/thread-lane.ts';

/** How often a probe looks for a thread that is free, in milliseconds. */
const LOOK_EVERY_MS = 50;
const TURN_END = Promise.resolve();

/** What a probe found: `undefined` stands for a result, `cut` for a probe that was not let end. */
export type ProbeAnswer = undefined | 'cut' | Error;

export interface ProberParts {
  readonly clock: Clock;
  readonly dispatcher: Dispatcher;
  readonly loop: LoopLane;
  readonly lane: () => ThreadLane | undefined;
}

/**
 * Tries failed agents with inputs of their own making. A probe takes a place on its lane when one is free, waits in no
 * queue, and stands in none of the counts of tasks.
 */
export class Prober {
  private readonly parts: ProberParts;
  private probes = 0;
  private readonly running = new Set<Task>();
  /** Whether nothing is tried any more. */
  isClosed = false;

  constructor(parts: ProberParts) {
    this.parts = parts;
  }

  close(): void {
    this.isClosed = true;
    for (const task of this.running) task.cancel();
  }

  /** Tries one call. `onAnswer` is called exactly once. */
  try(agent: AgentEntry, onAnswer: (answer: ProbeAnswer) => void): void {
    const { clock } = this.parts;
    const route = agent.routes[0]!;
    let input: unknown;
    try {
      input = validInput(route, agent.probe!());
    } catch (error) {
      onAnswer(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    // Below 0, where no task is.
    const task = new Task(route, --this.probes, input, PRIORITY_LEVELS.low, clock.now());
    task.more.timeoutMs = agent.timeoutMs ?? DEFAULTS.health.probeTimeoutMs;
    task.more.probe = (error: TaskError | undefined) => {
      this.running.delete(task);
      onAnswer(error instanceof CancelledError ? 'cut' : error);
    };
    this.start(task, agent);
  }

  /** Tries the agents of a breaker until it closes or opens again; false if none of them can be tried. */
  readonly tryBreaker = (breaker: Breaker<AgentEntry>): boolean => {
    const agent = probed(breaker);
    if (agent === undefined) return false;
    breaker.halfOpen('probe');
    this.goOn(breaker);
    return true;
  };

  private goOn(breaker: Breaker<AgentEntry>): void {
    if (breaker.kind !== 'half-open' || this.isClosed) return;
    const agent = probed(breaker);
    const { clock } = this.parts;
    const giveUp = (why: string) => {
      const call = {};
      breaker.started(call);
      breaker.failed(call, clock.now(), clock.now(), why);
    };
    if (agent === undefined) {
      giveUp('there is none any more');
      return;
    }
    this.try(agent, (answer) => {
      // Settlement has told the breaker what became of a call; nothing has told it of one that never came to be.
      if (breaker.kind === 'half-open' && answer !== undefined && !this.isClosed) {
        giveUp(answer === 'cut' ? 'it was cut short' : answer.message);
      }
      void TURN_END.then(() => this.goOn(breaker));
    });
  }

  private start(task: Task, agent: AgentEntry): void {
    const { clock, dispatcher, loop, lane } = this.parts;
    const nowMs = clock.now();
    if (this.isClosed || agent.removed) {
      task.extras?.probe?.(new CancelledError(task.id, agent.name, 'cancelled'));
      return;
    }
    if (agent.lane === 'loop') {
      this.running.add(task);
      dispatcher.begin(task, agent);
      loop.start(task, agent, nowMs);
      dispatcher.onStarted();
      return;
    }
    const link = lane()?.pick(nowMs);
    if (link === undefined) {
      clock.schedule(LOOK_EVERY_MS, () => this.start(task, agent), true);
      return;
    }
    this.running.add(task);
    dispatcher.begin(task, agent);
    lane()!.draft.offer(task, agent);
    lane()!.post(link, nowMs);
    dispatcher.onStarted();
  }
}

/** The agent of a breaker that has something to be tried with. */
function probed({ members }: Breaker<AgentEntry>): AgentEntry | undefined {
  for (const agent of members) if (agent.probe !== undefined && !agent.failed) return agent;
  return undefined;
}
