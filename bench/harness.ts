import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { digestOf } from './results.ts';

/** What one contender showed in one round. */
export interface Sample {
  /** In the unit of the case. */
  readonly value: number;
  /** Digest of everything the tasks returned; equal for every contender of the round. */
  readonly hash: string;
  /** Further readings of the round, by name; not compared. */
  readonly readings?: Readonly<Record<string, number>>;
}

/** A contender that is set up and ready to be measured. */
export interface Trial {
  /** Runs untimed work until code is compiled and whatever adapts has adapted. */
  warmUp?(): Promise<void>;
  /** Takes one sample. `round` counts from 0. */
  measure(round: number): Promise<Sample>;
  close(): Promise<void>;
}

/** One side of a comparison. */
export interface Contender {
  readonly name: string;
  open(): Promise<Trial>;
}

/** Median and range of some values. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** What became of one contender: it has figures only if it ran to the end. */
export type Result =
  | {
      readonly state: 'completed';
      readonly name: string;
      readonly samples: readonly Sample[];
      readonly spread: Spread;
      /** Digest over all rounds. */
      readonly hash: string;
      /** What went wrong after the last sample. */
      readonly closeError: Error | undefined;
    }
  | { readonly state: 'failed'; readonly name: string; readonly error: Error };

export interface RoundOptions {
  readonly rounds: number;
  /** Called with a short text now and then, for a person who waits. */
  readonly progress: (text: string) => void;
}

/** Longest time that setting up, a sample, and closing may take, in milliseconds. */
const LIMITS = { open: 60_000, measure: 600_000, close: 60_000 } as const;

/** A contender on its way: set up or not, and out of the comparison once it failed. */
interface Entry {
  readonly contender: Contender;
  readonly samples: Sample[];
  trial?: Trial;
  error?: Error;
  closeError?: Error;
}

/**
 * Measures all contenders in one run, round by round. Each round takes one sample of each, and each round starts
 * with another contender, so that a slow spell of the machine and the place in the order hit all of them alike.
 */
export async function alternate(
  contenders: readonly Contender[],
  options: RoundOptions,
): Promise<readonly Result[]> {
  const entries: Entry[] = contenders.map((contender) => ({ contender, samples: [] }));
  try {
    for (const entry of entries) {
      options.progress(`warm-up of ${entry.contender.name}`);
      await attempt(entry, LIMITS.open, async () => {
        entry.trial = await entry.contender.open();
        await entry.trial.warmUp?.();
      });
    }
    for (let round = 0; round < options.rounds; round++) {
      for (let place = 0; place < entries.length; place++) {
        const entry = entries[(place + round) % entries.length] as Entry;
        options.progress(`round ${round + 1} of ${options.rounds}: ${entry.contender.name}`);
        collectGarbage();
        await attempt(entry, LIMITS.measure, async () => {
          if (entry.trial !== undefined) entry.samples.push(await entry.trial.measure(round));
        });
      }
    }
  } finally {
    for (const entry of entries) await close(entry);
  }
  return entries.map(toResult);
}

/** Median, smallest and largest. @throws RangeError without a value. */
export function spreadOf(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), min: quantile(values, 0), max: quantile(values, 1) };
}

/** The value at `q`, 0 to 1, by nearest rank; the median of an even number is the mean of the middle two. */
export function quantile(values: ArrayLike<number>, q: number): number {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) throw new RangeError('quantile: expected at least one value, got none');
  if (q === 0.5 && sorted.length % 2 === 0) {
    return ((sorted[sorted.length / 2 - 1] as number) + (sorted[sorted.length / 2] as number)) / 2;
  }
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] as number;
}

/** Repeats `pass`, which returns a number of tasks, for at least `minMs`. Resolves with tasks per second. */
export async function tasksPerSecond(minMs: number, pass: () => Promise<number>): Promise<number> {
  let tasks = 0;
  let elapsedMs = 0;
  while (elapsedMs < minMs || tasks === 0) {
    const startedAtMs = performance.now();
    tasks += await pass();
    elapsedMs += performance.now() - startedAtMs;
  }
  return (tasks / elapsedMs) * 1000;
}

/** Clears what the contender before left behind, so that no one pays for the garbage of another. */
export function collectGarbage(): void {
  collector ??= exposeCollector();
  collector();
}

let collector: (() => void) | undefined;

function exposeCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

/** A contender that fails is out of the comparison; the others go on. */
async function attempt(entry: Entry, limitMs: number, step: () => Promise<void>): Promise<void> {
  if (entry.error !== undefined) return;
  try {
    await within(limitMs, step());
  } catch (thrown) {
    entry.error = asError(thrown);
  }
}

/** What was measured stands, however the closing ends. */
async function close(entry: Entry): Promise<void> {
  try {
    if (entry.trial !== undefined) await within(LIMITS.close, entry.trial.close());
  } catch (thrown) {
    entry.closeError = asError(thrown);
  }
}

async function within(limitMs: number, step: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${limitMs} ms`)), limitMs);
  });
  try {
    await Promise.race([step, late]);
  } finally {
    clearTimeout(timer);
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}

function toResult({ contender: { name }, samples, error, closeError }: Entry): Result {
  if (error !== undefined) return { state: 'failed', name, error };
  const spread = spreadOf(samples.map((sample) => sample.value));
  const hash = digestOf(samples.map((sample) => sample.hash));
  return { state: 'completed', name, samples, spread, hash, closeError };
}
