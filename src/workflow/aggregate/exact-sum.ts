/**
 * An exact sum of doubles, as doubles that do not overlap and whose sum it is, smallest first: rounding happens once, at
 * the end. So it does not depend on the order or the grouping of what was added, which no compensated sum can say.
 * Source: J. Shewchuk, "Adaptive Precision Floating-Point Arithmetic", 1997; the rounding at the end is that of Python's
 * `math.fsum`.
 */
export type ExactSum = number[];

/** Numbers beyond could make a partial sum overflow. */
export const LARGEST_SUMMAND = 1e290;

/** Adds a number within ±1e290. */
export function addExactly(sum: ExactSum, value: number): void {
  let carry = value;
  let kept = 0;
  for (const part of sum) {
    const larger = Math.abs(carry) < Math.abs(part) ? part : carry;
    const smaller = larger === part ? carry : part;
    const high = larger + smaller;
    const low = smaller - (high - larger);
    if (low !== 0) {
      sum[kept] = low;
      kept += 1;
    }
    carry = high;
  }
  sum.length = kept;
  if (carry !== 0) sum.push(carry);
}

/** The double that is nearest to it. */
export function roundedSum(sum: ExactSum): number {
  let at = sum.length - 1;
  if (at < 0) return 0;
  let high = sum[at]!;
  let low = 0;
  while (at > 0) {
    at -= 1;
    const before = high;
    const part = sum[at]!;
    high = before + part;
    low = part - (high - before);
    if (low !== 0) break;
  }
  // Half way between two doubles: what is left below decides.
  if (at > 0 && ((low < 0 && sum[at - 1]! < 0) || (low > 0 && sum[at - 1]! > 0))) {
    const twice = low * 2;
    const next = high + twice;
    if (twice === next - high) return next;
  }
  return high;
}
