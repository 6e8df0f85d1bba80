import type { Random } from '../contract/clock.ts';
import type { UpstreamOptions } from './options.ts';
import { lognormal } from './seeded-random.ts';

type Speeds = Required<
  Pick<
    UpstreamOptions,
    'baseMs' | 'promptTokenMs' | 'outputTokenMs' | 'jitterSigma' | 'knee' | 'kneeExponent'
  >
>;

/** The time that a call takes while no more than `knee` calls are served, in milliseconds. */
export interface CallWork {
  /** Until the first token of the answer. */
  readonly promptMs: number;
  /** For each token of the answer. */
  readonly outputTokenMs: number;
}

/** The work of a call. One draw of luck multiplies all of it, as one slow machine would. */
export function callWork(promptTokens: number, speeds: Speeds, random: Random): CallWork {
  const luck = speeds.jitterSigma === 0 ? 1 : lognormal(speeds.jitterSigma, random);
  return {
    promptMs: (speeds.baseMs + promptTokens * speeds.promptTokenMs) * luck,
    outputTokenMs: speeds.outputTokenMs * luck,
  };
}

/**
 * How many times longer each of `calls` concurrent calls takes: 1 up to the knee, then (calls / knee) ^ exponent.
 * With an exponent above 1 the throughput falls past the knee, as it does when a server thrashes.
 */
export function slowdown(calls: number, speeds: Pick<Speeds, 'knee' | 'kneeExponent'>): number {
  return calls <= speeds.knee ? 1 : (calls / speeds.knee) ** speeds.kneeExponent;
}

/** An estimate of the tokens in a text: four UTF-16 code units make one, as in common English tokenizers. */
export function countTokens(text: string): number {
  return Math.ceil(text.length / 4);
}
