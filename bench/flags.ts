import { UsageError } from './usage-error.ts';

/** Flags that all benches have, for `parseArgs`. */
export const COMMON_FLAGS = {
  quick: { type: 'boolean' },
  json: { type: 'string' },
  strict: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;
/** And the one of those that run what was built. */
export const NO_BUILD = { 'no-build': { type: 'boolean' } } as const;

export const MOST_SEED = 4_294_967_295;

/** @throws UsageError for a flag's value that is no whole number in its bounds */
export function wholeNumber(flag: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new UsageError(`${flag}: expected a whole number from ${min} to ${max}, got ${text}`);
}

/** @throws UsageError for a flag's value that is none of the names that there are */
export function oneOf<const N extends string>(flag: string, text: string, names: readonly N[]): N {
  const name = names.find((one) => one === text);
  if (name !== undefined) return name;
  throw new UsageError(`${flag}: expected one of ${names.join(', ')}; got ${text}`);
}
