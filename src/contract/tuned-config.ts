/** The name and version of the file. A reader refuses any other version. */
export const CONFIG_FORMAT = { name: 'spillway-config', version: 1 } as const;

/** Where a value comes from. */
export interface Evidence {
  /** The percentile that it was computed from, 0 to 100; `null` if it comes from counts or means. */
  readonly percentile: number | null;
  /** How many measurements stand behind it. */
  readonly samples: number;
  /** Name of the report. */
  readonly report: string;
}

/** What the engine is expected to do with the offered load of the report. */
export interface Expectation {
  readonly p99Ms: number;
  /** Completed within the objective, a second. */
  readonly goodputPerSecond: number;
}

/** One tuned value, with what speaks for it. */
export interface TunedValue {
  readonly value: number;
  readonly from: Evidence;
  /** In words. */
  readonly because: string;
  /** With all values as tuned. */
  readonly expected: Expectation;
  /** With all values as tuned but this one, which stays as it was measured; `null` where the model does not see it. */
  readonly without: Expectation | null;
}

export interface TunedAgent {
  readonly name: string;
  readonly lane: 'threads' | 'loop';
  /** `null` for agents on threads, which share the threads. */
  readonly limit: TunedValue | null;
  readonly timeoutMs: TunedValue;
}

/** What all values together are expected to do with the offered load of the report. */
export interface Prediction {
  readonly offeredPerSecond: number;
  /** Completed within the objective, a second. */
  readonly goodputPerSecond: number;
  /** Of what was offered, 0 to 1. */
  readonly shedShare: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Between the luckiest and the unluckiest of the simulated runs. */
  readonly p99RangeMs: { readonly low: number; readonly high: number };
  readonly agents: readonly { readonly name: string; readonly p99Ms: number }[];
}

/** What `spillway tune` writes, and `createEngine({ config })` and `spillway load --config` take. */
export interface SpillwayConfig {
  readonly format: typeof CONFIG_FORMAT.name;
  readonly version: typeof CONFIG_FORMAT.version;
  /** Of the package. */
  readonly spillway: string;
  /** Names of the reports; the first one is of the run whose load the predictions are for. */
  readonly reports: readonly string[];
  readonly objective: {
    readonly sloP99Ms: number;
    /** Always so: where an objective is not feasible, no file is written. */
    readonly feasible: true;
    /** The agent that comes closest to the objective, and stands in the way of a lower one. */
    readonly nearest: { readonly agent: string; readonly p99Ms: number };
  };
  readonly threads: TunedValue;
  /** Most tasks that may wait, and what the threshold is a share of. */
  readonly queueLimit: TunedValue;
  /** Of the fixed admission policy: the share of the queue's limit at which tasks are shed. */
  readonly threshold: TunedValue;
  readonly quantumMs: TunedValue;
  readonly agents: readonly TunedAgent[];
  readonly predicted: Prediction;
  /** The model's p99 for the measured run, beside the measured one; `null` if it cannot simulate that run's policy. */
  readonly model: { readonly simulatedP99Ms: number; readonly measuredP99Ms: number } | null;
}
