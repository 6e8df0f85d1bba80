/**
 * Log-linear latency buckets in the layout of HdrHistogram with 2 significant digits, unit nanoseconds, lowest
 * discernible value 1, highest trackable value 1 hour: single units up to 255, then 128 buckets to each power of two,
 * up to 2 ** 42 - 1 ns (73 minutes), as far as that histogram's own array goes. A bucket is at most 1/128 of its
 * value wide.
 *
 * Counts are Float64: exact up to 2 ** 53, which a million samples a second reach in 285 years. A Uint32 would take
 * half the room but wrap after 71 minutes of that.
 *
 * Kept free of imports because every thread loads it.
 */

/** Highest value of the histogram that the buckets merge into: 1 hour in nanoseconds. */
export const HIGHEST_TRACKABLE_NS = 3.6e12;
export const SIGNIFICANT_DIGITS = 2;
export const BUCKET_COUNT = 4608;

const TALLY_START = BUCKET_COUNT;
/** Indexes of what is kept behind the buckets, in the same array. */
export const TALLY = { sumNs: TALLY_START, maxNs: TALLY_START + 1 } as const;
/** Length of an array that holds the buckets and the tally. */
export const LATENCY_CELLS = BUCKET_COUNT + 2;

const MAX_NS = 2 ** 42 - 1;
const SINGLE_UNITS = 256;
/** From here on, 2.1 seconds, a value is no integer of 32 bits. */
const INTEGER_LIMIT = 2 ** 31;

const float = new Float64Array(1);
const bits = new Uint32Array(float.buffer);
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
const HIGH = littleEndian ? 1 : 0;

/**
 * A double's high word is sign 1 | exponent 11 | mantissa 20. Its top 19 bits are exponent × 128 + the 7 leading
 * mantissa bits, and that counts up by one from bucket to bucket: only the zero point differs, which lies at 2 ** 6.
 */
const MANTISSA_REST = 20 - 7;
const ZERO_POINT = (1023 + 6) * 128;

/** Bucket of a number from SINGLE_UNITS to MAX_NS, by its exponent and 7 bits of its mantissa. */
function bucketByBits(valueNs: number): number {
  float[0] = valueNs;
  return (bits[HIGH]! >>> MANTISSA_REST) - ZERO_POINT;
}

/** Bucket of an integer from 0 to MAX_NS. */
function bucketInRange(valueNs: number): number {
  if (valueNs >= INTEGER_LIMIT) return bucketByBits(valueNs);
  // How far to shift for 8 leading bits. The low bits set make that 0 for single units.
  const shift = 24 - Math.clz32(valueNs | 255);
  return (shift << 7) + (valueNs >>> shift);
}

/** Bucket of a value in nanoseconds, whose fraction is dropped. Above the range: the last; negative or NaN: the first. */
export function bucketIndex(valueNs: number): number {
  if (!(valueNs > 0)) return 0;
  return valueNs > MAX_NS ? BUCKET_COUNT - 1 : bucketInRange(Math.floor(valueNs));
}

/** Lowest value of a bucket, in nanoseconds. For BUCKET_COUNT: the first value above the range. */
export function bucketValueNs(index: number): number {
  if (index < SINGLE_UNITS) return index;
  float[0] = 0;
  bits[HIGH] = (index + ZERO_POINT) << MANTISSA_REST;
  return float[0];
}

/** Counts one latency, rounded to whole nanoseconds, in an array of LATENCY_CELLS. */
export function countLatency(cells: Float64Array, valueMs: number): void {
  let valueNs = Math.floor(valueMs * 1e6 + 0.5);
  if (!(valueNs > 0)) valueNs = 0;
  else if (valueNs > MAX_NS) valueNs = MAX_NS;
  const index = bucketInRange(valueNs);
  // Not by TALLY: this is inlined into every publication, within a budget of bytecodes.
  const sum = TALLY_START;
  const max = sum + 1;
  cells[index] = cells[index]! + 1;
  cells[sum] = cells[sum]! + valueNs;
  if (valueNs > cells[max]!) cells[max] = valueNs;
}

/**
 * How many latencies the buckets hold, by adding them up; some 6 us. A count of its own would cost every sample, and
 * disagree with the buckets while these are being written.
 */
export function countBuckets(cells: Float64Array): number {
  const end = BUCKET_COUNT;
  let count = 0;
  for (let i = 0; i < end; i++) count += cells[i]!;
  return count;
}
