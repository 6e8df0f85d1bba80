/** How many of the votes have to be for one option. */
export interface QuorumOptions {
  /**
   * How many votes the winner needs: a whole number of votes, a share below 1 (at least that share), or `'majority'` (more
   * than half). Default: one vote.
   */
  readonly quorum?: number | 'majority';
  /** How many votes there are to be, which a share counts from. Default: those that are cast. */
  readonly of?: number;
}

/** Where the vote stands. */
export interface Standing {
  /** Votes of the option that leads, and of the one behind it; 0 if there is none. */
  readonly first: number;
  readonly second: number;
  /** Votes cast. */
  readonly total: number;
}

/**
 * `decided`: the leader has the quorum, and no vote to come changes who wins. `reached`: it has the quorum, but another
 * one may still overtake it. `open`: it may still be reached. `impossible`: it cannot be reached any more.
 */
export type QuorumOutlook = 'decided' | 'reached' | 'open' | 'impossible';

/** Votes that the winner needs if so many are cast. */
export function votesNeeded({ quorum, of }: QuorumOptions, cast: number): number {
  const voters = of ?? cast;
  if (quorum === undefined) return 1;
  if (quorum === 'majority') return Math.floor(voters / 2) + 1;
  // 0.07 * 100 is a little more than 7.
  return quorum < 1 ? Math.max(1, Math.ceil(quorum * voters - 1e-9)) : quorum;
}

/**
 * What may still become of a vote. Holds whichever of the outstanding votes are cast or fail: `decided` and `impossible`
 * never change again.
 * @param outstanding votes that may still come
 */
export function quorumOutlook(options: QuorumOptions, at: Standing, outstanding: number): QuorumOutlook {
  const needed = votesNeeded(options, at.total + outstanding);
  // Votes that fail can only lower what is needed. At an equal number the first vote decides, so a tie is open.
  if (at.first >= needed) {
    return outstanding === 0 || at.first > at.second + outstanding ? 'decided' : 'reached';
  }
  return at.first + outstanding >= needed ? 'open' : 'impossible';
}
