/** Every default of tuning, once. It feeds the code, the command line's help and the documentation. */
export const TUNE_DEFAULTS = {
  out: 'spillway.config.json',
  /** Folder for the report of the run that confirms. */
  confirmOut: 'spillway-confirm',
  /** Share of the objective that the prediction leaves free, for what the model does not know. */
  headroom: 0.15,
  seed: 1,
} as const;

/** Bounds and rules that are not options. */
export const TUNE_RULES = {
  /** Fewer completed tasks say too little about a p99: ten of a thousand lie beyond it. */
  minSamples: 1_000,
  /** Fewer say too little about a p99.9; then the longest one seen stands in. */
  samplesForP999: 10_000,
  /** A timeout is this many times the p99.9 of the service, so that it only takes what hangs. */
  timeoutMargin: 3,
  /** Threads are added until they are less busy than this. */
  threadUtilization: 0.85,
  /** A prediction plays the run so often that it sees so many arrivals; a longer run is shortened to `most` of them. */
  arrivals: { runs: 3, least: 60_000, most: 60_000 },
  /** A batch may take this share of the objective from what waits behind it. */
  quantumShareOfObjective: 0.01,
  /** Throughput within this share of the best counts as the best: the knee is where more concurrency stops paying. */
  kneeShare: 0.95,
  /** The model must give a measured p99 within this factor, or its predictions are worth nothing. */
  modelFactor: 2,
  /** Service times of two runs that differ by more than this factor at the same concurrency contradict each other. */
  contradictionFactor: 1.5,
  /** Most that any queue may be asked to hold. */
  maxQueue: 1_000_000,
} as const;
