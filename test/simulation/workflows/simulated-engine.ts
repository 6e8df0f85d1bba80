import { CancelledError, OverloadError, SpillwayError, TaskError } from '../../../src/contract/errors.ts';
import type { TaskHandle, TaskOptions, TaskState } from '../../../src/contract/handle.ts';
import type { Outcome } from '../../../src/contract/outcome.ts';
import type { WorkflowEngine } from '../../../src/workflow/sender.ts';
import { stableHash } from '../../../src/workflow/stable-hash.ts';
import type { SeededRandom } from '../../fixtures/seeded-random.ts';
import type { ProcessClock } from './process-clock.ts';

/** How likely what goes wrong, 0 to 1. */
export interface Faults {
  readonly failed: number;
  /** Of those that failed: another attempt would fail in the same way. */
  readonly final: number;
  readonly shedAtDoor: number;
  readonly shedLate: number;
  readonly refused: number;
  /** Has to wait before it begins. */
  readonly busy: number;
  /** Completes in spite of being cancelled. */
  readonly cancelledTooLate: number;
  readonly mostMs: number;
}

export function drawFaults(random: SeededRandom): Faults {
  const isGood = random.chance(0.3);
  const draw = (share: number) => (isGood || random.chance(0.4) ? 0 : random.next() * share);
  return {
    failed: draw(0.3),
    final: random.next() * 0.5,
    shedAtDoor: draw(0.4),
    shedLate: draw(0.2),
    refused: random.chance(0.1) ? 0.02 : 0,
    busy: random.pick([0, 0.3, 1]),
    cancelledTooLate: random.chance(0.5) ? 0.3 : 0,
    mostMs: random.pick([0, 5, 20, 60]),
  };
}

/** What an agent, or a function, makes of its input: a number, and always the same. */
export function numberOf(worker: string, input: unknown): number {
  return Number.parseInt(stableHash([worker, input]).slice(0, 6), 16) % 100_000;
}

/** Of a map: item and index. Of a step: what it needs, without what its last attempt failed of. */
export function inputOf(...all: unknown[]): number {
  return numberOf('input', all.length > 2 ? all.slice(0, 2) : all.slice(0, 1));
}

type Ended = (outcome: Outcome) => void;

/** An engine as workflows see it: tasks take a while, fail, are shed, and are cancelled too late, all at random. */
export class SimulatedEngine implements WorkflowEngine {
  readonly #clock: ProcessClock;
  readonly #random: SeededRandom;
  readonly #faults: Faults;
  readonly #underWay = new Map<string, number>();
  #count = 0;
  /** Tasks that ended other than rejected, by workflow. */
  readonly ended = new Map<string, number>();
  /** Most tasks that were under way at once, by workflow. */
  readonly mostUnderWay = new Map<string, number>();

  constructor(clock: ProcessClock, random: SeededRandom, faults: Faults) {
    this.#clock = clock;
    this.#random = random;
    this.#faults = faults;
  }

  submit(
    target: string | { readonly capability: string },
    input: unknown,
    options: TaskOptions = {},
  ): TaskHandle {
    const random = this.#random;
    const faults = this.#faults;
    const agent = typeof target === 'string' ? target : target.capability;
    const id = `task-${++this.#count}`;
    const { workflow = '' } = options;
    if (random.chance(faults.refused)) throw new SpillwayError('UNKNOWN_AGENT', `no agent "${agent}"`);
    if (random.chance(faults.shedAtDoor)) return this.#shed(id);

    let state: TaskState = random.chance(faults.busy) ? 'pending' : 'running';
    let settle!: Ended;
    const outcome = new Promise<Outcome>((resolve) => {
      settle = resolve;
    });
    this.#count1(workflow, 1);
    const end = (of: Outcome): void => {
      if (state !== 'pending' && state !== 'running') return;
      state = of.status;
      stopTimer();
      stopWait();
      this.#count1(workflow, -1);
      if (of.status !== 'rejected') this.ended.set(workflow, (this.ended.get(workflow) ?? 0) + 1);
      settle(of);
    };
    const waitMs = state === 'pending' ? random.below(faults.mostMs + 1) : 0;
    const stopWait = this.#clock.schedule(waitMs, () => {
      if (state === 'pending') state = 'running';
    });
    const fate = random.next();
    const stopTimer = this.#clock.schedule(waitMs + random.below(faults.mostMs + 1), () => {
      if (fate < faults.failed) end(this.#failed(id, agent));
      else if (fate < faults.failed + faults.shedLate) end(this.#rejected(id));
      else
        end({
          ...base(id, agent, random.below(10) === 0),
          status: 'completed',
          value: numberOf(agent, input),
        });
    });
    return {
      id,
      get state() {
        return state;
      },
      outcome,
      cancel: () => {
        if (state !== 'pending' && state !== 'running') return false;
        if (random.chance(faults.cancelledTooLate)) return false;
        const error = new CancelledError(id, agent, 'cancelled');
        end({ ...base(id, agent, false), status: 'cancelled', reason: 'cancelled', error });
        return true;
      },
      reprioritize: () => false,
      on: () => () => undefined,
    };
  }

  #count1(workflow: string, by: 1 | -1): void {
    const now = (this.#underWay.get(workflow) ?? 0) + by;
    this.#underWay.set(workflow, now);
    this.mostUnderWay.set(workflow, Math.max(now, this.mostUnderWay.get(workflow) ?? 0));
  }

  #failed(id: string, agent: string): Outcome {
    const isFinal = this.#random.chance(this.#faults.final);
    const error = new TaskError(isFinal ? 'POISON' : 'HANDLER_FAILED', id, agent, `"${agent}" has failed`);
    return { ...base(id, agent, false), status: 'failed', error };
  }

  #rejected(id: string): Outcome {
    const error = new OverloadError('queue-full', 2, this.#random.below(40));
    return { ...base(id, undefined, false), status: 'rejected', error };
  }

  #shed(id: string): TaskHandle {
    const outcome = this.#rejected(id);
    return {
      id,
      state: 'rejected',
      outcome: Promise.resolve(outcome),
      cancel: () => false,
      reprioritize: () => false,
      on: () => () => undefined,
    };
  }
}

function base(taskId: string, agent: string | undefined, isRetried: boolean) {
  const attempt = {
    agent: agent ?? '',
    lane: 'loop',
    threadId: undefined,
    startedAtMs: 0,
    durationMs: 0,
    error: undefined,
    noRetry: undefined,
    fallback: undefined,
  } as const;
  return {
    taskId,
    agent,
    timing: { waitMs: 0, serviceMs: 0, totalMs: 0 },
    attempts: isRetried ? [attempt, attempt] : [attempt],
  };
}
