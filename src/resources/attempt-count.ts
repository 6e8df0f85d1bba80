import type { Share } from './resource.ts';

/** Kept for reuse: what is thrown away for each task keeps the garbage collector busy. */
const MAX_SPARE = 1_024;

/** What one attempt is counted with at its agent's resources; its share of the first of them, for most have no other. */
export class AttemptCount implements Share {
  part = 0;
  requestsLeft = Number.NaN;
  tokensLeft = Number.NaN;
  /** Tokens that it was counted with. */
  expectedTokens = 0;
  /** Tokens that it has used; `undefined` until it reports some. */
  usedTokens: number | undefined = undefined;
  private others: AttemptCount[] | undefined = undefined;

  /** The share of one of the resources, by their order. */
  at(index: number): Share {
    if (index === 0) return this;
    this.others ??= [];
    this.others[index - 1] ??= new AttemptCount();
    return this.others[index - 1]!;
  }

  /** It has reported what it used; gives by how much it is now further over what it was counted with. */
  use(tokens: number): number {
    const before = this.usedTokens ?? 0;
    this.usedTokens = before + tokens;
    return this.usedTokens - Math.max(this.expectedTokens, before);
  }

  /** Tokens that it was counted with and has not used; who reports nothing has used them all. */
  get unusedTokens(): number {
    return this.usedTokens === undefined ? 0 : this.expectedTokens - this.usedTokens;
  }
}

/** Counts of attempts that have ended, for those that start. */
export class SpareCounts {
  private readonly spare: AttemptCount[] = [];

  take(expectedTokens: number): AttemptCount {
    const count = this.spare.pop() ?? new AttemptCount();
    count.expectedTokens = expectedTokens;
    count.usedTokens = undefined;
    return count;
  }

  putBack(count: AttemptCount): void {
    if (this.spare.length < MAX_SPARE) this.spare.push(count);
  }
}
