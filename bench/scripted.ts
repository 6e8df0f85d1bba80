import { askScript } from './child.ts';
import { type Contender, type Result, type Sample, spreadOf } from './harness.ts';
import type { Subject } from './subject.ts';

/** A contender whose rounds each are one run of a script, in a process of its own, that prints what it cost. */
export function scripted<C>(
  name: string,
  script: URL,
  subject: Subject,
  task: object,
  sampleOf: (cost: C) => Sample,
): Contender {
  const args = [JSON.stringify({ entry: subject.entry, ...task })];
  const execArgv = [...subject.execArgv, '--expose-gc'];
  return {
    name,
    open: async () => ({
      measure: async () => sampleOf((await askScript(script, { execArgv, args })) as C),
      close: async () => {},
    }),
  };
}

/** The same rounds with another of their readings as the value. */
export function withValue<C>(result: Result, value: (cost: C) => number): Result {
  if (result.state === 'failed') return result;
  const samples = result.samples.map((sample) => ({ ...sample, value: value(sample.readings as C) }));
  return { ...result, samples, spread: spreadOf(samples.map((sample) => sample.value)) };
}

/** NaN of a contender that failed, or is not there. */
export function medianOf<C>(result: Result | undefined, value: (cost: C) => number): number {
  const other = result && withValue(result, value);
  return other?.state === 'completed' ? other.spread.median : Number.NaN;
}
