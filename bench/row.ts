import type { Result, Spread } from './harness.ts';

export const SPILLWAY = 'spillway';

/** One line of the report. `null` stands for what does not exist in the case, or could not be measured. */
export interface Row {
  readonly case: string;
  readonly unit: string;
  readonly spillway: number | null;
  /** Median of each peer, in the same unit. */
  readonly peers: Readonly<Record<string, number>>;
  readonly bestPeer: string | null;
  /** Spillway over the best peer: above 1 is better if more is better, below 1 if less is. */
  readonly ratio: number | null;
  readonly target: string;
  readonly pass: boolean;
  readonly rounds: number;
  /** Median and range of every contender. */
  readonly spread: Readonly<Record<string, Spread>>;
  /** Digest of what Spillway's tasks returned. */
  readonly hash: string | null;
  /** Whether every contender returned the same. */
  readonly sameResults: boolean;
  /** Further figures that explain the row. */
  readonly notes: Readonly<Record<string, number | string>>;
  /** Why a contender has no figure, or what went wrong when it was closed. */
  readonly failures: Readonly<Record<string, string>>;
}

/** What a row has to reach. */
export interface Target {
  readonly label: string;
  met(figure: {
    readonly spillway: number;
    readonly ratio: number | null;
    /** Median of each peer. */
    readonly peers: Readonly<Record<string, number>>;
  }): boolean;
}

/** At least `factor` times the best peer. */
export function atLeast(factor: number): Target {
  return { label: `>= ${factor}x`, met: ({ ratio }) => ratio !== null && ratio >= factor };
}

/** At most `factor` times the best peer. */
export function atMost(factor: number): Target {
  return { label: `<= ${factor}x`, met: ({ ratio }) => ratio !== null && ratio <= factor };
}

/** A figure of Spillway's own, in the unit of the row. */
export function figure(sign: '<=' | '>=', bound: number): Target {
  return {
    label: `${sign} ${bound}`,
    met: ({ spillway }) => (sign === '<=' ? spillway <= bound : spillway >= bound),
  };
}

/** All of them. */
export function every(...targets: readonly Target[]): Target {
  return {
    label: targets.map((target) => target.label).join(' and '),
    met: (measured) => targets.every((target) => target.met(measured)),
  };
}

export interface RowOptions {
  readonly case: string;
  readonly unit: string;
  readonly better: 'more' | 'less';
  readonly target: Target;
  readonly results: readonly Result[];
  readonly notes?: Readonly<Record<string, number | string>>;
}

/** Sets Spillway beside its peers. The row passes only if all that finished returned the same results. */
export function compare(options: RowOptions): Row {
  const done = options.results.filter((result) => result.state === 'completed');
  const own = done.find((result) => result.name === SPILLWAY);
  const peers = done.filter((result) => result.name !== SPILLWAY);
  const best = peers.reduce<(typeof peers)[number] | undefined>((champion, peer) => {
    if (champion === undefined) return peer;
    const ahead = peer.spread.median - champion.spread.median;
    return (options.better === 'more' ? ahead > 0 : ahead < 0) ? peer : champion;
  }, undefined);
  const ratio = own && best ? own.spread.median / best.spread.median : null;
  const medians = Object.fromEntries(peers.map((peer) => [peer.name, peer.spread.median]));
  const sameResults = new Set(done.map((result) => result.hash)).size === 1;
  return {
    case: options.case,
    unit: options.unit,
    spillway: own?.spread.median ?? null,
    peers: medians,
    bestPeer: best?.name ?? null,
    ratio,
    target: options.target.label,
    pass:
      own !== undefined &&
      sameResults &&
      options.target.met({ spillway: own.spread.median, ratio, peers: medians }),
    rounds: own?.samples.length ?? 0,
    spread: Object.fromEntries(done.map((result) => [result.name, result.spread])),
    hash: own?.hash ?? null,
    sameResults,
    notes: options.notes ?? {},
    failures: failuresOf(options.results),
  };
}

function failuresOf(results: readonly Result[]): Row['failures'] {
  const failures: Record<string, string> = {};
  for (const result of results) {
    if (result.state === 'failed') failures[result.name] = result.error.message;
    else if (result.closeError) failures[result.name] = `when closed: ${result.closeError.message}`;
  }
  return failures;
}
