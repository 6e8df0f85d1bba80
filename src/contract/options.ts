import { availableParallelism } from 'node:os';
import type { ResourceLimits } from 'node:worker_threads';
import * as v from 'valibot';
import type { Agent, Objective } from './agent.ts';
import type { Clock, Random } from './clock.ts';
import { ConfigError } from './errors.ts';
import type { Priority, TaskOptions } from './handle.ts';
import type { Limit } from './limit.ts';
import { explainIssue } from './option-issue.ts';
import {
  above0,
  BOUNDS,
  configOrFile,
  fn,
  limit,
  name,
  positiveInteger,
  positiveMb,
  positiveMs,
  share,
  threshold,
} from './option-values.ts';
import { isOverflowSink, type OverflowSink } from './overflow.ts';
import type { SpillwayConfig } from './tuned-config.ts';

/** Every default of the engine, once. It feeds the code, the command line's help and the documentation. */
export const DEFAULTS = {
  threads: { count: availableParallelism() },
  queue: { limit: 10_000, ageMs: 1_000 },
  admission: { policy: 'adaptive' },
  fixed: { threshold: 0.8 },
  slo: { p99Ms: 10_000 },
  concurrency: { initial: 8, min: 4, max: 1_000, maxPauseMs: 60_000 },
  memory: { heapShare: 0.9 },
  batch: { quantumMs: 1, maxTasks: 512 },
  restarts: { max: 8, windowMs: 60_000 },
  agent: { limit: 64, maxLimit: 1_000, export: 'default', idempotent: true, graceMs: 100 },
  stream: { window: 1_000, ordered: false },
  closeTimeoutMs: 10_000,
  heapsTimeoutMs: 1_000,
} as const;

export const PRIORITY_LEVELS = { high: 10, normal: 0, low: -10 } as const;

/** Options of `createEngine`. */
export interface EngineOptions<A extends readonly Agent[] = readonly Agent[]> {
  readonly agents?: A;
  /** Worker threads. None is started before an agent needs one. */
  readonly threads?: {
    /** How many. Default: as many as the machine runs at once. */
    readonly count?: number;
    /** Memory limits of each thread, as Node.js takes them. Default: Node's. */
    readonly resourceLimits?: ResourceLimits;
  };
  readonly queue?: {
    /** Most tasks that may wait at once; beyond it a submit is shed as `queue-full`. Default 10,000. */
    readonly limit?: number;
    /** Waiting this long, in milliseconds, is worth one priority level. Default 1,000. */
    readonly ageMs?: number;
  };
  /** The objective of agents that have none of their own: 99 % of their tasks end within so many milliseconds. */
  readonly slo?: Objective;
  /** Who is let in. Default: by the latency that is measured. */
  readonly admission?:
    | ({ readonly policy: 'adaptive' } & AdaptiveOptions)
    | {
        readonly policy: 'fixed';
        /** Load at which tasks are shed, above 0 and at most 1. Default 0.8. */
        readonly threshold?: number;
        /** Outstanding tasks that count as a load of 1. Default: the queue's limit. */
        readonly capacity?: number;
      }
    | { readonly policy: 'none' }
    | { readonly policy: 'custom'; readonly limit: Limit };
  /** Takes what is shed and brings it back when load falls, such as `fileOverflow()`. Default: none. */
  readonly overflow?: OverflowSink;
  readonly batch?: {
    /** What a batch of small tasks should last on its thread, in milliseconds. Default 1. */
    readonly quantumMs?: number;
    /** Most tasks in a batch, 1 to 1,024. 1 switches batching off. Default 512. */
    readonly maxTasks?: number;
  };
  /** How many thread deaths an agent may cause within the window before it is switched off for a window. */
  readonly restarts?: { readonly max?: number; readonly windowMs?: number };
  /**
   * What `spillway tune` computed: the path or file URL of its `spillway.config.json`, or the same file as `readConfig`
   * or `JSON.parse` give it. It stands for the number of threads, the queue's limit, the objective, admission at a
   * fixed load, the quantum, and the limits and timeouts of the agents that it names. Options that are given here, and
   * an agent's own, come first. What it says of agents that are not registered is left alone: no error. Default: none.
   */
  readonly config?: SpillwayConfig | string | URL;
  /** How long `close()` waits for outstanding tasks, in milliseconds. Default 10,000. */
  readonly closeTimeoutMs?: number;
  /** Time and randomness, for simulation. Default: the machine's. */
  readonly clock?: Clock;
  readonly random?: Random;
}

/** Options of the adaptive policy. */
export interface AdaptiveOptions {
  /** Slots (threads, places at an upstream) that only high priority may take. Default 0. */
  readonly reserve?: { readonly high: number };
  /** Share of the slots, 0 to 1, that low priority gets whatever the others ask for. Default 0. */
  readonly minShare?: { readonly low: number };
  /** Weights of tenants; those not named have 1. */
  readonly tenants?: { readonly weights: Readonly<Record<string, number>> };
  /** Above it everything is shed. */
  readonly memory?: {
    /** Share of the heap's limit, 0 to 1. Default 0.9. */
    readonly heapShare?: number;
    /** Resident memory of the process, in megabytes. Default: no ceiling. */
    readonly rssMb?: number;
  };
}

const priority = v.custom<Priority>(
  (value) =>
    value === 'high' ||
    value === 'normal' ||
    value === 'low' ||
    (Number.isInteger(value) && Math.abs(value as number) <= BOUNDS.priority),
  `'high', 'normal', 'low' or a whole number within ±${BOUNDS.priority}`,
);
const schema = v.custom<object>(
  (value) => typeof value === 'object' && value !== null && '~standard' in value,
  'a Standard Schema',
);
const signal = v.custom<AbortSignal>((value) => value instanceof AbortSignal, 'an AbortSignal');

const SLO = v.strictObject({ p99Ms: positiveMs });
const shared = {
  slo: v.optional(SLO),
  capabilities: v.optional(v.array(name, 'a list of names')),
  timeoutMs: v.optional(positiveMs),
  limit: v.optional(limit),
  input: v.optional(schema),
};
const IO_AGENT = v.strictObject({
  ...shared,
  upstream: v.optional(name),
  run: fn<() => unknown>('a function (input, ctx) => output'),
});
const CPU_AGENT = v.strictObject({
  ...shared,
  module: v.custom<URL | string>(
    (value) => value instanceof URL || (typeof value === 'string' && /^(file|data):/.test(value)),
    'a file: URL, such as new URL("./handler.js", import.meta.url)',
  ),
  export: v.optional(name),
  idempotent: v.optional(v.boolean('true or false')),
  types: v.optional(v.any()),
});
const AGENT = v.variant(
  'lane',
  [
    v.strictObject({ lane: v.literal('loop'), name, options: IO_AGENT }),
    v.strictObject({ lane: v.literal('threads'), name, options: CPU_AGENT }),
  ],
  'an agent made by ioAgent() or cpuAgent()',
);
const megabytes = v.optional(positiveMb);
const RESOURCE_LIMITS = v.strictObject({
  maxOldGenerationSizeMb: megabytes,
  maxYoungGenerationSizeMb: megabytes,
  codeRangeSizeMb: megabytes,
  stackSizeMb: megabytes,
});
const ADAPTIVE = {
  reserve: v.optional(v.strictObject({ high: positiveInteger(1_000) })),
  minShare: v.optional(v.strictObject({ low: share })),
  tenants: v.optional(v.strictObject({ weights: v.record(name, above0) })),
  memory: v.optional(v.strictObject({ heapShare: v.optional(threshold), rssMb: v.optional(positiveMb) })),
};
const ENGINE = v.strictObject({
  agents: v.optional(v.array(AGENT, 'a list of agents')),
  threads: v.optional(
    v.strictObject({
      count: v.optional(positiveInteger(1_024)),
      resourceLimits: v.optional(RESOURCE_LIMITS),
    }),
  ),
  queue: v.optional(
    v.strictObject({ limit: v.optional(positiveInteger(100_000_000)), ageMs: v.optional(positiveMs) }),
  ),
  slo: v.optional(SLO),
  admission: v.optional(
    v.variant(
      'policy',
      [
        v.strictObject({ policy: v.literal('adaptive'), ...ADAPTIVE }),
        v.strictObject({
          policy: v.literal('fixed'),
          threshold: v.optional(threshold),
          capacity: v.optional(positiveInteger(100_000_000)),
        }),
        v.strictObject({ policy: v.literal('none') }),
        v.strictObject({
          policy: v.literal('custom'),
          limit: v.custom<Limit>(isLimit, 'an object with the methods acquire, release, hasRoom and load'),
        }),
      ],
      "{ policy: 'adaptive' }, { policy: 'fixed' }, { policy: 'none' } or { policy: 'custom', limit }",
    ),
  ),
  overflow: v.optional(
    v.custom<OverflowSink>(isOverflowSink, 'an object with the methods start, accept, stats and close'),
  ),
  batch: v.optional(
    v.strictObject({ quantumMs: v.optional(positiveMs), maxTasks: v.optional(positiveInteger(1_024)) }),
  ),
  restarts: v.optional(
    v.strictObject({ max: v.optional(positiveInteger(1_000_000)), windowMs: v.optional(positiveMs) }),
  ),
  config: v.optional(configOrFile),
  closeTimeoutMs: v.optional(positiveMs),
  clock: v.optional(v.custom<Clock>(isClock, 'a Clock: an object with the methods now, schedule and defer')),
  random: v.optional(fn<Random>('a function that returns a number in [0, 1)')),
});
const TASK = v.strictObject({
  tenant: v.optional(name),
  priority: v.optional(priority),
  signal: v.optional(signal),
  timeoutMs: v.optional(positiveMs),
  transfer: v.optional(v.array(v.any(), 'a list of what to transfer')),
});
const STREAM = v.strictObject({
  tenant: v.optional(name),
  priority: v.optional(priority),
  signal: v.optional(signal),
  timeoutMs: v.optional(positiveMs),
  ordered: v.optional(v.boolean('true or false')),
  window: v.optional(positiveInteger(1_000_000)),
});
const READY = v.strictObject({ priority: v.optional(priority), signal: v.optional(signal) });
const TIMEOUT = v.strictObject({ timeoutMs: v.optional(positiveMs) });
const SCHEMAS = {
  engine: ENGINE,
  task: TASK,
  stream: STREAM,
  ready: READY,
  close: TIMEOUT,
  heaps: TIMEOUT,
  agent: AGENT,
} as const;

function isClock(value: unknown): boolean {
  const clock = value as Partial<Clock> | null;
  const methods = [clock?.now, clock?.schedule, clock?.defer];
  return methods.every((method) => typeof method === 'function');
}

function isLimit(value: unknown): boolean {
  const candidate = value as Partial<Limit> | null;
  return (
    typeof candidate?.acquire === 'function' &&
    typeof candidate.release === 'function' &&
    typeof candidate.hasRoom === 'function' &&
    typeof candidate.load === 'function'
  );
}

/**
 * Checks `value` and returns it.
 * @throws ConfigError that names the option's path, what was expected and what came, and the nearest known key.
 */
export function checkOptions<T>(kind: keyof typeof SCHEMAS, value: T, at = ''): T {
  const result = v.safeParse(SCHEMAS[kind] as v.GenericSchema, value, { abortEarly: true });
  if (!result.success) throw explainIssue(SCHEMAS[kind] as v.GenericSchema, result.issues[0], at);
  return value;
}

/** Whether the options are of the common form that needs no look; the schema explains the rest. */
export function arePlainTaskOptions(options: TaskOptions): boolean {
  if (typeof options !== 'object' || options === null) return false;
  for (const key in options) if (key !== 'priority') return false;
  const { priority: asked } = options;
  return asked === undefined || asked === 'normal' || asked === 'high' || asked === 'low';
}

/** The integer behind a priority. */
export function priorityLevel(value: Priority | undefined): number {
  // On the way of every task: three comparisons cost less than one look-up by a name that varies.
  if (value === undefined || value === 'normal') return PRIORITY_LEVELS.normal;
  if (value === 'high') return PRIORITY_LEVELS.high;
  if (value === 'low') return PRIORITY_LEVELS.low;
  return value;
}

/** @throws ConfigError if it is not a priority. */
export function checkPriority(value: Priority): number {
  if (!v.is(priority, value)) {
    throw new ConfigError(
      'INVALID_OPTION',
      'priority',
      `priority: expected 'high', 'normal', 'low' or a whole number, got ${String(value)}`,
    );
  }
  return priorityLevel(value);
}
