/**
 * How often values occurred, in buckets: the first 22 bits of a double, its sign, exponent and ten bits of its mantissa.
 * As in an HdrHistogram, each power of two has the same number of buckets, so every value is known to 0.1 %; but values
 * may be negative, fractions or of any size, and no range has to be chosen beforehand. Adding is exact in any order.
 */
export type ValueBuckets = Map<number, number>;

const IGNORED_BITS = 10;
const double = new DataView(new ArrayBuffer(8));

/** Counts a finite number. */
export function countValue(buckets: ValueBuckets, value: number): void {
  double.setFloat64(0, value);
  addCount(buckets, double.getInt32(0) >> IGNORED_BITS, 1);
}

export function addBuckets(into: ValueBuckets, other: ValueBuckets): void {
  for (const [bucket, count] of other) addCount(into, bucket, count);
}

/** Highest value of each bucket with its count, from the lowest to the highest. */
export function inOrder(buckets: ValueBuckets): { readonly highest: number; readonly count: number }[] {
  return [...buckets]
    .map(([bucket, count]) => ({ highest: highestIn(bucket), count }))
    .sort((a, b) => a.highest - b.highest);
}

function addCount(buckets: ValueBuckets, bucket: number, count: number): void {
  buckets.set(bucket, (buckets.get(bucket) ?? 0) + count);
}

function highestIn(bucket: number): number {
  const first = bucket << IGNORED_BITS;
  // Of a negative number, the one of the smallest magnitude is the highest.
  const isNegative = first < 0;
  double.setInt32(0, isNegative ? first : first | ((1 << IGNORED_BITS) - 1));
  double.setInt32(4, isNegative ? 0 : -1);
  return double.getFloat64(0);
}
