import { InvalidArgumentError } from 'commander';

/** Parses a whole number. @throws InvalidArgumentError that says what was expected and what came */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}, got "${text}".`);
  };
}

/** Parses a number that may have a fraction. @throws InvalidArgumentError as `wholeNumber` does */
export function decimalNumber(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+(\.\d+)?$/.test(text) && value >= min) return value;
    throw new InvalidArgumentError(`Expected a number of at least ${min}, got "${text}".`);
  };
}

/** Parses the base URL of an endpoint; an empty one, as an unset variable often is, stays empty. */
export function httpUrl(text: string): string {
  if (text === '' || (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol))) return text;
  throw new InvalidArgumentError(
    `Expected an http or https URL, such as http://127.0.0.1:8080/v1, got "${text}".`,
  );
}

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Parses a duration such as 250ms, 1.5s or 2m into milliseconds. @throws InvalidArgumentError as above */
export function duration(minMs: number): (text: string) => number {
  return (text) => {
    const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
    const ms = Number(amount) * (DURATION_UNITS[unit] ?? 0);
    if (amount !== '' && ms >= minMs) return ms;
    const least = minMs > 0 ? `of at least ${minMs}ms, ` : '';
    throw new InvalidArgumentError(`Expected a duration ${least}such as 250ms, 30s or 2m, got "${text}".`);
  };
}

/** A duration as it is written on the command line: 5s. */
export function durationText(ms: number): string {
  for (const unit of ['h', 'm', 's']) {
    const unitMs = DURATION_UNITS[unit]!;
    if (ms >= unitMs && ms % unitMs === 0) return `${ms / unitMs}${unit}`;
  }
  return `${ms}ms`;
}

/** Parses how many times something, such as 3x. @throws InvalidArgumentError as above */
export function multiple(text: string): number {
  const [, amount = '0'] = /^(\d+(?:\.\d+)?)x$/.exec(text) ?? [];
  if (Number(amount) > 0) return Number(amount);
  throw new InvalidArgumentError(`Expected a multiple above 0 such as 0.8x or 3x, got "${text}".`);
}

/** Parses a share. @throws InvalidArgumentError as `wholeNumber` does */
export function shareUpTo(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+(\.\d+)?$/.test(text) && value <= max) return value;
    throw new InvalidArgumentError(`Expected a number from 0 to ${max}, got "${text}".`);
  };
}
