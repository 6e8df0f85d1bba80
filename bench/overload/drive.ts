import type { Clock, Random } from '../../src/contract/clock.ts';
import { OpenLoop } from '../../src/load/open-loop.ts';
import type { Attempt } from './attempt.ts';
import type { Ending, Opened } from './contender.ts';
import type { Offered } from './offered.ts';
import type { Phase } from './plan.ts';

/** How often clients send a task again, and after how long if the contender does not say. */
const RETRY = { most: 3, firstMs: 100 } as const;

export interface DriveOptions {
  readonly opened: Opened;
  readonly phases: readonly Phase[];
  readonly offered: readonly Offered[];
  /** How long the last tasks have to end, in milliseconds. */
  readonly graceMs: number;
  readonly clock: Clock;
  /** Spreads the clients' own delays. */
  readonly random: Random;
  readonly onPhase: (phase: Phase) => void;
}

/** Everything that was sent, and whether the generator came to an end. */
export interface Driven {
  readonly attempts: readonly Attempt[];
  readonly gaveUp: boolean;
}

/** Sends all that is offered, when it is due; clients come back in the phases that have retries. */
export async function drive(options: DriveOptions): Promise<Driven> {
  const { clock, phases, graceMs } = options;
  const run = new Drive(options);
  const untilMs = phases.at(-1)!.untilMs;
  const end = await run.go(untilMs);
  const restMs = run.startMs + untilMs + graceMs - clock.now();
  await new Promise<void>((resolve) => void clock.schedule(Math.max(0, restMs), resolve));
  return { attempts: run.attempts, gaveUp: end === 'gave up' };
}

class Drive {
  readonly attempts: Attempt[] = [];
  readonly startMs: number;
  readonly #options: DriveOptions;
  #phase = -1;

  constructor(options: DriveOptions) {
    this.#options = options;
    this.startMs = options.clock.now();
  }

  go(untilMs: number): Promise<'all sent' | 'gave up'> {
    const { clock, phases, offered, onPhase } = this.#options;
    const loop = new OpenLoop(
      {
        clock,
        arrivals: offered.map(({ atMs }) => atMs)[Symbol.iterator](),
        untilMs,
        send: (index, intendedMs, sentMs) => {
          const task = offered[index]!;
          if (task.phase !== this.#phase) {
            this.#phase = task.phase;
            onPhase(phases[task.phase]!);
          }
          this.#send(task, intendedMs - this.startMs, sentMs - this.startMs, 0);
        },
      },
      this.startMs,
    );
    return loop.run();
  }

  #send(task: Offered, intendedMs: number, sentMs: number, retry: number): void {
    const { opened, clock } = this.#options;
    const attempt: Attempt = {
      intendedMs,
      lagMs: sentMs - intendedMs,
      weight: task.weight,
      priority: task.priority,
      retry,
      status: undefined,
      endMs: Number.NaN,
    };
    this.attempts.push(attempt);
    void opened.send(task.input, task.priority).then((ending) => {
      attempt.status = ending.status;
      attempt.endMs = clock.now() - this.startMs;
      if (ending.status !== 'completed') this.#comeBack(task, attempt, ending);
    });
  }

  /** Another try, unless the time for that is over by then. */
  #comeBack(task: Offered, { endMs, retry }: Attempt, { retryAfterMs }: Ending): void {
    const { phases, clock, random } = this.#options;
    if (!phases[task.phase]!.retries || retry >= RETRY.most) return;
    const dueMs = endMs + (retryAfterMs ?? RETRY.firstMs * 2 ** retry * (0.5 + random()));
    const isOpen = phases.some((phase) => phase.retries && dueMs >= phase.fromMs && dueMs < phase.untilMs);
    if (!isOpen) return;
    const waitMs = this.startMs + dueMs - clock.now();
    clock.schedule(Math.max(0, waitMs), () => this.#send(task, dueMs, clock.now() - this.startMs, retry + 1));
  }
}
