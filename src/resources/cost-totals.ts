import { DEFAULTS } from '../contract/options.ts';
import type { UsageTotals } from '../contract/stats.ts';
import { Amounts } from './amounts.ts';

/** Those for whom there was no room in the list. */
const OTHERS = '*';

/** What was used, by name; at most so many names, the others together. */
export class CostTotals {
  private readonly names = new Map<string, Amounts>();

  /** What to add to; it stays the same. */
  of(name: string): Amounts {
    let total = this.names.get(name);
    if (total === undefined) {
      const key = this.names.size < DEFAULTS.cost.names ? name : OTHERS;
      total = this.names.get(key) ?? new Amounts();
      this.names.set(key, total);
    }
    return total;
  }

  get(name: string): Amounts | undefined {
    return this.names.get(name);
  }

  stats(): Record<string, UsageTotals> {
    return Object.fromEntries([...this.names].map(([name, total]) => [name, totalsOf(total)]));
  }
}

export function totalsOf({ inputTokens, outputTokens, costUsd }: Amounts): UsageTotals {
  return { inputTokens, outputTokens, costUsd };
}
