import { systemClock } from '../../src/contract/clock.ts';
import { quantile } from '../harness.ts';
import type { Opened } from './contender.ts';

export interface ClosedLoopOptions {
  readonly outstanding: number;
  /** Counted, after as much as a quarter of it that is not. */
  readonly measureMs: number;
  /** The next input, and how much of an average task it is. */
  readonly next: () => { readonly input: number; readonly weight: number };
}

/** What a closed loop got through. */
export interface ClosedLoopRate {
  /** Average tasks a second: a long one counts for more, so that the luck of the draw does not. */
  readonly perSecond: number;
  readonly p99Ms: number;
}

/**
 * Keeps so many tasks outstanding and counts what completes.
 * @throws Error if a task does not complete
 */
export async function closedLoopRate(opened: Opened, options: ClosedLoopOptions): Promise<ClosedLoopRate> {
  const { outstanding, measureMs, next } = options;
  // First until everything has been started that is started on demand.
  await Promise.all(Array.from({ length: outstanding }, () => finish(opened, next().input)));
  const fromMs = systemClock.now() + measureMs / 4;
  const untilMs = fromMs + measureMs;
  const latenciesMs: number[] = [];
  let done = 0;
  let lastMs = untilMs;
  const one = async (): Promise<void> => {
    while (true) {
      const sentMs = systemClock.now();
      if (sentMs >= untilMs && latenciesMs.length > 0) return;
      const { input, weight } = next();
      await finish(opened, input);
      const nowMs = systemClock.now();
      if (nowMs < fromMs || (nowMs >= untilMs && latenciesMs.length > 0)) continue;
      // Past the end only if nothing has ended before: a measurement that is far too short, or a machine that stalls.
      lastMs = Math.max(lastMs, nowMs);
      done += weight;
      latenciesMs.push(nowMs - sentMs);
    }
  };
  await Promise.all(Array.from({ length: outstanding }, one));
  return { perSecond: (done * 1_000) / (lastMs - fromMs), p99Ms: quantile(latenciesMs, 0.99) };
}

async function finish(opened: Opened, input: number): Promise<void> {
  const { status } = await opened.send(input, 'normal');
  if (status !== 'completed') throw new Error(`overload: a task of the closed loop was ${status}`);
}
