import * as v from 'valibot';

/** Bounds that are not options. */
export const BOUNDS = {
  listeners: 32,
  agents: 10_000,
  priority: 1_000_000_000,
  timeoutMs: 2_147_483_647,
  tags: 16,
  /** Ids in the result of a cancellation; more are only counted. */
  cancelledIds: 10_000,
  /** Runs in it of which steps wait; others are left out. */
  dependentRuns: 10_000,
  /** Most attempts that a retry policy may allow. */
  attempts: 1_000,
  /** The last attempts of a task, which its outcome lists. */
  listedAttempts: 100,
  /** Steps of a fallback. */
  fallback: 32,
} as const;

// What single options may be, as schemas. Their messages are what an error says was expected.

export const positiveInteger = (max: number) =>
  v.pipe(
    v.number(`a whole number from 1 to ${max}`),
    v.check((n) => Number.isInteger(n) && n >= 1 && n <= max, `a whole number from 1 to ${max}`),
  );
export const positiveMs = v.pipe(
  v.number('a number of milliseconds above 0'),
  v.check(
    (n) => n > 0 && n <= BOUNDS.timeoutMs,
    `a number of milliseconds above 0, at most ${BOUNDS.timeoutMs}`,
  ),
);
export const notNegativeMs = v.pipe(
  v.number('a number of milliseconds of at least 0'),
  v.check(
    (n) => n >= 0 && n <= BOUNDS.timeoutMs,
    `a number of milliseconds of at least 0, at most ${BOUNDS.timeoutMs}`,
  ),
);
export const positiveMb = v.pipe(
  v.number('a number of megabytes above 0'),
  v.check((n) => n > 0, 'a number of megabytes above 0'),
);
export const fn = <T>(what: string) => v.custom<T>((value) => typeof value === 'function', what);
export function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 200;
}
export const name = v.custom<string>(isName, 'a text of 1 to 200 characters');
export const folder = v.pipe(
  v.string('the path of a folder'),
  v.check((path) => path !== '' && !path.includes('\0'), 'the path of a folder'),
);
export const tags = v.pipe(
  v.array(name, 'a list of texts'),
  v.check((list) => list.length <= BOUNDS.tags, `at most ${BOUNDS.tags} tags`),
);
export const limit = v.custom<number>(
  (value) => value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && (value as number) >= 1),
  'a whole number of at least 1, or Infinity',
);
export const threshold = v.pipe(
  v.number('a number above 0, at most 1'),
  v.check((n) => n > 0 && n <= 1, 'a number above 0, at most 1'),
);
export const shareBelow1 = v.pipe(
  v.number('a number above 0, below 1'),
  v.check((n) => n > 0 && n < 1, 'a number above 0, below 1'),
);
export const atLeast0 = v.pipe(
  v.number('a number of at least 0'),
  v.check((n) => Number.isFinite(n) && n >= 0, 'a number of at least 0'),
);
export const above0 = v.pipe(
  v.number('a number above 0'),
  v.check((n) => Number.isFinite(n) && n > 0, 'a number above 0'),
);
export const share = v.pipe(
  v.number('a share from 0 to 1'),
  v.check((n) => n >= 0 && n <= 1, 'a share from 0 to 1'),
);
/** A tuned configuration, or where one stands. Its own schema is loaded only where there is one. */
export const configOrFile = v.custom<object | string>((value) => {
  if (value instanceof URL) return value.protocol === 'file:';
  return typeof value === 'string' ? value !== '' : typeof value === 'object' && value !== null;
}, 'the path or file URL of a spillway.config.json, or what is in it, as an object');
