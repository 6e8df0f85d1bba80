/** Defaults of the aggregations' options. The only place where they stand. */
export const AGGREGATE_DEFAULTS = {
  /** Items that an aggregation keeps, at most. */
  maxItems: 1_000_000,
  /** Different answers that votes may go to, at most. */
  maxOptions: 10_000,
  percentiles: [50, 90, 99],
  /** Values up to which percentiles are exact. */
  exactUpTo: 10_000,
  sortOrder: 'desc',
  /** Items that are aggregated in one go, and accumulators that are combined in one. */
  partItems: 64,
  fanIn: 8,
} as const;

/** Bounds that are not options. */
export const AGGREGATE_BOUNDS = {
  maxItems: 100_000_000,
  percentiles: 32,
  fanIn: 1_024,
  /** Words that a search for similar texts may look at: a few seconds' worth, for which it blocks its thread. */
  similaritySteps: 1_000_000_000,
} as const;
