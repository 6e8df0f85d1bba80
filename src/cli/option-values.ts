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
