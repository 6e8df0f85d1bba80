import type { Clock } from '../contract/clock.ts';
import type { Engine } from '../contract/engine.ts';
import { SpillwayError } from '../contract/errors.ts';
import { loadEngine } from './load-engine.ts';
import type { FullLoadOptions } from './options.ts';
import type { LoadSurroundings } from './surroundings.ts';
import type { LoadTarget } from './target.ts';
import type { NextTask } from './task-source.ts';
import { tickEvery, until } from './ticker.ts';

/** How capacity is measured, in milliseconds. */
export const CAPACITY = { settleMs: 1_000, measureMs: 3_000, perThread: 32, mostOutstanding: 2_000 } as const;
const PROGRESS_EVERY_MS = 250;

/**
 * How many tasks a second the target completes while there is always enough to do: a closed loop on an engine of its
 * own that sheds nothing.
 * @throws SpillwayError if no task completes
 */
export async function measureCapacity(
  options: FullLoadOptions,
  target: LoadTarget,
  next: NextTask,
  around: LoadSurroundings,
): Promise<number> {
  const { clock, signal, onProgress } = around;
  const engine = await loadEngine({ ...options, policy: 'none' }, target.agents);
  const loop = new ClosedLoop(engine, next, clock);
  const startMs = clock.now();
  const totalMs = CAPACITY.settleMs + CAPACITY.measureMs;
  const stopTelling = tickEvery(clock, startMs, PROGRESS_EVERY_MS, () => {
    const { completed, failed, open } = loop;
    const elapsedMs = clock.now() - startMs;
    onProgress?.({
      phase: 'capacity',
      elapsedMs,
      totalMs,
      offered: completed + failed + open,
      completed,
      rejected: 0,
      failed,
      open,
      p99Ms: 0,
    });
  });
  try {
    loop.start(Math.min(outstandingFor(options, target), options.queueLimit));
    await until(clock, startMs + CAPACITY.settleMs, signal);
    const before = loop.completed;
    const fromMs = clock.now();
    await until(clock, startMs + totalMs, signal);
    const perSecond = ((loop.completed - before) * 1_000) / (clock.now() - fromMs);
    if (loop.error !== undefined) throw loop.error;
    if (perSecond > 0) return perSecond;
    const why = loop.failure === undefined ? 'none ended in time' : `they fail: ${loop.failure}`;
    throw new SpillwayError('HANDLER_FAILED', `cannot measure the capacity, as no task completes: ${why}`);
  } finally {
    loop.stop();
    stopTelling();
    await engine.close({ timeoutMs: 1 });
  }
}

/** Enough for full batches on every thread and for every place of every agent on the event loop. */
function outstandingFor({ threads }: FullLoadOptions, { agents }: LoadTarget): number {
  const places = agents.map(({ lane, options }) =>
    lane === 'loop' ? (options.limit ?? 64) * 2 : threads * CAPACITY.perThread,
  );
  return Math.min(
    CAPACITY.mostOutstanding,
    places.reduce((sum, n) => sum + n, 0),
  );
}

/** Sends a task whenever one has ended. */
class ClosedLoop {
  completed = 0;
  failed = 0;
  open = 0;
  failure: string | undefined = undefined;
  error: unknown = undefined;
  readonly #engine: Engine;
  readonly #next: NextTask;
  readonly #clock: Clock;
  #index = 0;
  #stopped = false;

  constructor(engine: Engine, next: NextTask, clock: Clock) {
    this.#clock = clock;
    this.#engine = engine;
    this.#next = next;
  }

  start(outstanding: number): void {
    for (let i = 0; i < outstanding; i++) this.#send();
  }

  stop(): void {
    this.#stopped = true;
  }

  readonly #send = (): void => {
    if (this.#stopped) return;
    try {
      const { agent, input, priority } = this.#next(this.#index++);
      this.open++;
      void this.#engine.submit(agent, input, { priority }).outcome.then((outcome) => {
        this.open--;
        if (outcome.status === 'completed') this.completed++;
        else {
          this.failed++;
          this.failure ??= outcome.error.message;
        }
        // In a later turn: handlers that fail at once would never let anybody else in.
        this.#clock.defer(this.#send);
      });
    } catch (error) {
      this.error = error;
      this.#stopped = true;
    }
  };
}
