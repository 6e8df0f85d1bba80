import type { Clock } from '../contract/clock.ts';
import { TaskError, withFallbackErrors } from '../contract/errors.ts';
import type { EngineEvents } from '../contract/events.ts';
import type { PermitOutcome } from '../contract/limit.ts';
import type { Task } from '../contract/task.ts';
import { describeThrown } from '../contract/thrown.ts';
import type { AgentEntry } from './agent-entry.ts';
import type { FailedAttempts } from './attempt.ts';
import { type FallbackFunction, FallbackFunctions } from './fallback-function.ts';
import { inputFor, originalInput } from './input.ts';
import type { Route } from './route.ts';
import type { Settlement } from './settlement.ts';
import { unservedError } from './unserved.ts';

/** A step of an agent's fallback, with the agent. */
export type Step =
  | { readonly kind: 'agent'; readonly name: string }
  | { readonly kind: 'function'; readonly run: FallbackFunction; readonly agent: AgentEntry };

/** When the last attempt of a task ran, on the engine's clock, and what it said about capacity. */
export interface Span {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly permit: PermitOutcome;
}

/** The steps that are left to a task. */
class Chain {
  /** The input as the caller gave it. */
  readonly input: unknown;
  /** Those that are next come first. */
  readonly steps: Step[];
  /** Agents that have had the task, by name, and what they failed it with: none gets it twice. */
  readonly errors = new Map<string, TaskError>();
  /** The input was moved to a thread and is gone. */
  hasMoved = false;

  constructor(input: unknown, steps: readonly Step[]) {
    this.input = input;
    this.steps = [...steps];
  }
}

export interface FallbackChainParts {
  readonly clock: Clock;
  readonly settlement: Settlement;
  /** The route of an agent's name. */
  readonly routeOf: (name: string) => Route | undefined;
  readonly emit: <E extends keyof EngineEvents>(event: E, value: EngineEvents[E]) => void;
}

/** Leads tasks along the fallbacks of their agents, depth first: an agent's own steps come before what was left. */
export class FallbackChain {
  private readonly parts: FallbackChainParts;
  readonly functions: FallbackFunctions;
  failures!: FailedAttempts;

  constructor(parts: FallbackChainParts) {
    this.parts = parts;
    this.functions = new FallbackFunctions(parts.clock, {
      completed: (task, agent, value, startedAtMs, endedAtMs) =>
        parts.settlement.completeFallback(task, agent, value, startedAtMs, endedAtMs),
      failed: (task, agent, error, startedAtMs, endedAtMs) => {
        parts.settlement.lostFallback(task, agent, error, startedAtMs, endedAtMs);
        task.history.later.push(error);
        this.goOn(task, error, { startedAtMs, endedAtMs, permit: 'ignored' });
      },
    });
  }

  /**
   * An agent has failed a task for good: starts its fallback, or goes on with the one that is under way.
   * @param agent the agent, if there still is one
   * @param span of the attempt that failed, if there was one
   */
  begin(
    task: Task,
    agent: AgentEntry | undefined,
    steps: readonly Step[],
    error: TaskError,
    span: Span | undefined,
    hasMoved: boolean,
  ): void {
    const trail = task.history;
    let chain = trail.chain as Chain | undefined;
    if (chain === undefined) {
      chain = new Chain(originalInput(task), steps);
      trail.chain = chain;
      trail.origin = error;
      trail.from = task.target;
      if (agent !== undefined && steps.length > 0) agent.fallbacks++;
    } else {
      trail.later.push(error);
    }
    if (agent !== undefined) chain.errors.set(agent.name, error);
    if (hasMoved) chain.hasMoved = true;
    this.goOn(task, error, span);
  }

  /** Tries one step after the other; the task fails with the first error if none is left. */
  private goOn(task: Task, last: TaskError, span: Span | undefined): void {
    const trail = task.history;
    const { steps, input, errors } = trail.chain as Chain;
    for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
      if (step.kind === 'agent') {
        const refusal = this.enter(task, step.name, last);
        if (refusal === undefined) return;
        trail.later.push(refusal);
        continue;
      }
      const { agent, run } = step;
      this.functions.start(task, agent, run, input, errors.get(agent.name) ?? trail.origin!);
      this.tell(task, last.agent, undefined, last);
      return;
    }
    trail.chain = undefined;
    this.parts.settlement.failLast(task, withFallbackErrors(trail.origin!, trail.later), span);
  }

  /** Gives the task to another agent; or says why not. */
  private enter(task: Task, name: string, last: TaskError): TaskError | undefined {
    const trail = task.history;
    const chain = trail.chain as Chain;
    const route = this.parts.routeOf(name);
    const agent = route?.agents[0];
    if (route === undefined || agent === undefined) {
      return new TaskError('UNKNOWN_AGENT', task.id, name, `fallback: no agent "${name}" is registered`);
    }
    if (chain.errors.has(name)) {
      const message = `fallback: agent "${name}" has failed this task already`;
      return new TaskError('AGENT_FAILED', task.id, name, message);
    }
    chain.steps.unshift(...agent.fallback);
    const refusal = prepare(task, route, agent, chain, this.parts.clock.now());
    if (refusal !== undefined) {
      chain.errors.set(name, refusal);
      return refusal;
    }
    trail.tries = 0;
    trail.queuedAtMs = this.parts.clock.now();
    task.target = route;
    task.patient = true;
    this.failures.ways.enqueue(task, route);
    this.tell(task, last.agent, name, last);
    return undefined;
  }

  private tell(task: Task, from: string | undefined, to: string | undefined, { code }: TaskError): void {
    this.parts.emit('fallback', { taskId: task.id, from, to, code });
  }
}

/** Makes the task's input what the agent takes; or says why the agent cannot take it. */
function prepare(
  task: Task,
  route: Route,
  agent: AgentEntry,
  chain: Chain,
  nowMs: number,
): TaskError | undefined {
  const { name } = agent;
  if (!route.isOpen) return unservedError(task, route, name, nowMs);
  if (chain.hasMoved) {
    const message = `fallback: agent "${name}" cannot have the input, which was moved to a thread`;
    return new TaskError('INPUT_NOT_CLONEABLE', task.id, name, message);
  }
  try {
    task.payload = inputFor(agent, chain.input);
  } catch (error) {
    const message = error instanceof Error ? error.message : describeThrown(error);
    return new TaskError('INPUT_INVALID', task.id, name, message, { cause: error });
  }
  if (task.extras !== undefined) task.extras.inputs = undefined;
  return undefined;
}
