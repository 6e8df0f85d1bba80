/** Defaults of what cuts sources into chunks. The only place where they stand. */
export const CHUNK_DEFAULTS = {
  /** The longest line that is held as a whole: 1 MiB. */
  maxLineBytes: 1_048_576,
  /** Groups that are open at once: each consecutive run of a key is a group. */
  maxOpen: 1,
  /** Items of a group. */
  maxItems: 10_000,
} as const;

/** Bounds that are not options. */
export const CHUNK_BOUNDS = {
  /** Longest chunk: 256 MiB, about half of the longest string. */
  bytes: 268_435_456,
  /** The longest character of UTF-8. */
  leastBytes: 4,
  count: 100_000_000,
  maxOpen: 1_000_000,
} as const;
