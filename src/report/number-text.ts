const GROUPED = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `12,345`. */
export function countText(n: number): string {
  return GROUPED.format(n);
}

/** A number with three digits that matter: `0.42`, `4.2`, `42.1`, `421`, `4,210`. */
export function shortText(n: number): string {
  const size = Math.abs(n);
  if (size >= 100 || Number.isInteger(n)) return GROUPED.format(n);
  if (size >= 10) return n.toFixed(1);
  return n.toFixed(size >= 1 ? 2 : 3);
}

/** Milliseconds in the unit that reads best: `0.42 ms`, `421 ms`, `4.21 s`. */
export function durationText(ms: number): string {
  return ms >= 1_000 ? `${shortText(ms / 1_000)} s` : `${shortText(ms)} ms`;
}

/** `12.3 %` of a share. */
export function percentText(share: number): string {
  const percent = 100 * share;
  return `${percent === 0 || percent >= 99.95 ? percent.toFixed(0) : percent.toFixed(percent < 1 ? 2 : 1)} %`;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Bytes in the largest unit that leaves a number of at least 1: `2.0 MiB`. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_024 && unit < UNITS.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

/** `1 file`, `2 files`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
