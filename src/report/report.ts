import type { ShedReason } from '../contract/errors.ts';
import type { LatencySummary } from '../contract/stats.ts';

/** The name and version of the format. A reader refuses any other version. */
export const REPORT_FORMAT = { name: 'spillway-load-report', version: 1 } as const;

/** What became of the tasks that were offered. `offered` is the sum of the four ends and of what was not awaited. */
export interface ReportCounts {
  readonly offered: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly rejected: number;
  /** Completed within the objective, from the intended arrival on. All that completed if there is no objective. */
  readonly withinSlo: number;
  /** Rejected, by reason; reasons that did not occur are left out. */
  readonly shed: Partial<Record<ShedReason, number>>;
}

/** A histogram of nanoseconds, as HdrHistogram's compressed V2 encoding in base64. */
export type EncodedHistogram = string;

export interface ReportAgent extends ReportCounts {
  readonly name: string;
  readonly lane: 'threads' | 'loop';
  /** `null` if it has no limit of its own. */
  readonly limit: number | null;
  /** From the intended arrival to the outcome, completed tasks only. */
  readonly latencyMs: LatencySummary;
  /** From submit to the start of the attempt, and the attempt itself, as the engine measured them. */
  readonly waitMs: LatencySummary;
  readonly serviceMs: LatencySummary;
  readonly histograms: {
    readonly latency: EncodedHistogram;
    readonly wait: EncodedHistogram;
    readonly service: EncodedHistogram;
  };
}

export interface ReportPriority extends ReportCounts {
  readonly priority: 'high' | 'normal' | 'low';
  readonly latencyMs: LatencySummary;
}

/** What one limit of the engine was at, at the end of an interval. */
export interface ReportLimit {
  readonly name: string;
  readonly concurrency: number;
  readonly running: number;
  readonly waiting: number;
}

export interface ReportInterval extends ReportCounts {
  /** Whether tasks were offered in it, or those outstanding at the end of the load were waited for. */
  readonly phase: 'load' | 'drain';
  /** From the start of the measured part of the run. */
  readonly startMs: number;
  readonly endMs: number;
  /** Of the tasks that completed in this interval. */
  readonly latencyMs: LatencySummary;
  readonly limits: readonly ReportLimit[];
  readonly loopDelayMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Share of the interval that the main thread's event loop was busy, 0 to 1. */
  readonly loopUtilization: number;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  /** By how much the generator was late, at worst. */
  readonly generatorLagMs: number;
}

/** What the tasks of the target are, as far as the target leaves a choice. */
export type ReportWork =
  | {
      readonly kind: 'cpu';
      readonly serviceMs: number;
      readonly sigma: number;
      /** How much work was taken for a millisecond, counted before the run. */
      readonly stepsPerMs: number;
    }
  | {
      readonly kind: 'upstream';
      readonly knee: number;
      readonly contextTokens: number;
      readonly generatedTokens: number;
    }
  | { readonly kind: 'module' };

/** Everything that one load run measured. */
export interface LoadReport {
  readonly format: typeof REPORT_FORMAT.name;
  readonly version: typeof REPORT_FORMAT.version;
  /** Of the package. */
  readonly spillway: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly machine: {
    readonly node: string;
    readonly platform: string;
    readonly arch: string;
    readonly cpuModel: string;
    readonly cpus: number;
    readonly memoryBytes: number;
  };
  readonly run: {
    /** `cpu`, `upstream`, or the user's module. */
    readonly target: string;
    /** What relative paths, such as that of the user's module, are relative to. */
    readonly directory: string;
    readonly work: ReportWork;
    readonly arrivals: { readonly kind: string; readonly [parameter: string]: string | number | null };
    /** The CSV file of calls that was replayed; `null` if there was none. */
    readonly trace: string | null;
    /** Weights of those tasks that have no priority of their own. */
    readonly priorities: { readonly high: number; readonly normal: number; readonly low: number };
    readonly seed: number;
    readonly warmupMs: number;
    readonly durationMs: number;
    readonly intervalMs: number;
    /** The longest time that what was outstanding at the end was waited for. */
    readonly drainMs: number;
    /** `null` if there is none. */
    readonly sloP99Ms: number | null;
    /** The tuned configuration that the engine had; `null` if it had none. Settings of the command line came before it. */
    readonly config: string | null;
    readonly engine: {
      readonly threads: number;
      readonly queueLimit: number;
      readonly quantumMs: number;
      readonly policy: 'adaptive' | 'fixed' | 'none' | 'custom';
      /** Of the fixed policy. */
      readonly threshold: number | null;
    };
  };
  /** Whether the generator kept its schedule; if not, `reasons` says why the run proves nothing. */
  readonly validity: {
    readonly valid: boolean;
    readonly reasons: readonly string[];
    /** By how much arrivals were later than intended. */
    readonly lagMs: LatencySummary;
  };
  readonly totals: ReportCounts;
  /** Of all agents together, from the intended arrival to the outcome. */
  readonly latencyMs: LatencySummary;
  readonly latencyHistogram: EncodedHistogram;
  readonly agents: readonly ReportAgent[];
  readonly priorities: readonly ReportPriority[];
  readonly intervals: readonly ReportInterval[];
}
