import type { CostPerUnit } from '../contract/resources.ts';
import type { Usage } from '../contract/usage.ts';

const MILLION = 1_000_000;

/** A sum of what was used; every field is there. */
export class Amounts {
  inputTokens = 0;
  outputTokens = 0;
  costUsd = 0;

  get tokens(): number {
    return this.inputTokens + this.outputTokens;
  }

  add(other: Amounts, times = 1): this {
    this.inputTokens += times * other.inputTokens;
    this.outputTokens += times * other.outputTokens;
    this.costUsd += times * other.costUsd;
    return this;
  }

  /** No less of anything than the other. */
  raise(other: Amounts): this {
    this.inputTokens = Math.max(this.inputTokens, other.inputTokens);
    this.outputTokens = Math.max(this.outputTokens, other.outputTokens);
    this.costUsd = Math.max(this.costUsd, other.costUsd);
    return this;
  }

  /** Follows measured amounts: up at once, down slowly, so that it is rarely too low. */
  follow(measured: Amounts, smoothing: number): void {
    this.inputTokens = followed(this.inputTokens, measured.inputTokens, smoothing);
    this.outputTokens = followed(this.outputTokens, measured.outputTokens, smoothing);
    this.costUsd = followed(this.costUsd, measured.costUsd, smoothing);
  }
}

/** What was used, with its cost by price where none was given. */
export function priced(
  { inputTokens = 0, outputTokens = 0, costUsd }: Usage,
  prices: readonly CostPerUnit[],
): Amounts {
  const amounts = new Amounts();
  amounts.inputTokens = inputTokens;
  amounts.outputTokens = outputTokens;
  if (costUsd !== undefined) {
    amounts.costUsd = costUsd;
    return amounts;
  }
  for (const { millionInputTokensUsd = 0, millionOutputTokensUsd = 0 } of prices) {
    amounts.costUsd +=
      (inputTokens * millionInputTokensUsd + outputTokens * millionOutputTokensUsd) / MILLION;
  }
  return amounts;
}

function followed(high: number, measured: number, smoothing: number): number {
  return measured > high ? measured : high + (measured - high) * smoothing;
}
