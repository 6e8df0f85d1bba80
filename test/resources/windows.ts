/** Something that counts against a rate. */
export interface Counted {
  readonly atMs: number;
  readonly amount: number;
}

/** The most that any window held, both of its edges counted; exact: a fullest window ends with one of them. */
export function fullestWindow(counted: readonly Counted[], windowMs: number): number {
  const sorted = counted.toSorted((a, b) => a.atMs - b.atMs);
  let most = 0;
  let sum = 0;
  let first = 0;
  for (const { atMs, amount } of sorted) {
    sum += amount;
    while (sorted[first]!.atMs < atMs - windowMs) sum -= sorted[first++]!.amount;
    most = Math.max(most, sum);
  }
  return most;
}

/** What was counted from one time to another, over what might have been. */
export function usedShare(
  counted: readonly Counted[],
  perMs: number,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): number {
  let sum = 0;
  for (const { atMs, amount } of counted) if (atMs >= fromMs && atMs < toMs) sum += amount;
  return sum / (perMs * (toMs - fromMs));
}
