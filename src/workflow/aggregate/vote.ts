import type { Aggregation } from './aggregation.ts';
import { assertAtMost } from './aggregation-error.ts';
import { AGGREGATE_DEFAULTS } from './defaults.ts';
import { type Field, fieldReader } from './field.ts';
import {
  type QuorumOptions,
  type QuorumOutlook,
  quorumOutlook,
  type Standing,
  votesNeeded,
} from './quorum.ts';

/** What a vote is for. */
export type Ballot = string | number | boolean;

export interface VoteOptions<T> extends QuorumOptions {
  /** What an item votes for. Default: the item itself. */
  readonly by?: Field<T, Ballot>;
  /** Different options at most; more are an error. Default 10,000. */
  readonly maxOptions?: number;
}

/** An option and its votes. */
export interface TallyLine {
  readonly option: Ballot;
  readonly votes: number;
  /** Index of the first item that voted for it. */
  readonly first: number;
}

export interface VoteResult {
  /** The option with the most votes, whether they are enough or not; of several, the one whose first vote has the lowest index. */
  readonly winner: Ballot | undefined;
  /** The winner's. */
  readonly votes: number;
  /** Votes cast. */
  readonly total: number;
  /** The winner's share of the votes cast, 0 to 1. */
  readonly confidence: number;
  /** In the order of votes, then of first votes. */
  readonly tally: readonly TallyLine[];
  /** Whether the winner has the quorum. */
  readonly reached: boolean;
  /** Whether another option has as many votes. */
  readonly tie: boolean;
}

/** The accumulator of `vote`. */
export type VoteState = Map<Ballot, { votes: number; first: number }>;

/** A vote that can be asked, while results come in, whether waiting for more is of any use. */
export interface VoteAggregation<T> extends Aggregation<T, VoteState, VoteResult> {
  /** @param outstanding votes that may still come */
  outlook(state: VoteState, outstanding: number): QuorumOutlook;
}

/** See `vote` in aggregations.ts. */
export function voteOf<T>(options: VoteOptions<T>): VoteAggregation<T> {
  const { by, ...rest } = options;
  const read = by === undefined ? (item: T) => item : fieldReader(by);
  const { maxOptions = AGGREGATE_DEFAULTS.maxOptions } = options;
  return {
    name: 'vote',
    init: () => new Map(),
    add(into, item, index) {
      count(into, checkedBallot(read(item)), 1, index);
      assertAtMost(into.size, maxOptions, 'vote', 'maxOptions', 'different options');
      return into;
    },
    combine(left, right) {
      for (const [option, { votes, first }] of right) count(left, option, votes, first);
      assertAtMost(left.size, maxOptions, 'vote', 'maxOptions', 'different options');
      return left;
    },
    finish: (state) => declare(state, options),
    outlook: (state, outstanding) => quorumOutlook(options, standingOf(tallyOf(state)), outstanding),
    ...(typeof by !== 'function' && {
      spec: { kind: 'vote' as const, ...rest, ...(by !== undefined && { by }) },
    }),
  };
}

function count(state: VoteState, option: Ballot, votes: number, first: number): void {
  const line = state.get(option);
  if (line === undefined) state.set(option, { votes, first });
  else {
    line.votes += votes;
    line.first = Math.min(line.first, first);
  }
}

function checkedBallot(value: unknown): Ballot {
  if (typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value))
    return value as Ballot;
  throw new TypeError(
    `expected a text, a number or a boolean to vote for, got ${value === null ? 'null' : typeof value}; give its path as \`by\``,
  );
}

function tallyOf(state: VoteState): TallyLine[] {
  const lines = [...state].map(([option, { votes, first }]) => ({ option, votes, first }));
  return lines.sort((a, b) => b.votes - a.votes || a.first - b.first);
}

function standingOf(tally: readonly TallyLine[]): Standing {
  const total = tally.reduce((sum, { votes }) => sum + votes, 0);
  return { first: tally[0]?.votes ?? 0, second: tally[1]?.votes ?? 0, total };
}

function declare(state: VoteState, options: QuorumOptions): VoteResult {
  const tally = tallyOf(state);
  const { first: votes, second, total } = standingOf(tally);
  return {
    winner: tally[0]?.option,
    votes,
    total,
    confidence: total === 0 ? 0 : votes / total,
    tally,
    reached: votes >= votesNeeded(options, total),
    tie: votes > 0 && votes === second,
  };
}
