import * as v from 'valibot';
import { BREAKER } from './breaker-schema.ts';
import { CANCEL_FILTER, CANCEL_OPTIONS } from './cancel-schema.ts';
import type { Clock, Random } from './clock.ts';
import { DEAD_LETTERS, LETTER_FILTER, LETTER_LIST, POISON, REDRIVE } from './dead-letters-schema.ts';
import { ConfigError } from './errors.ts';
import { type EventStore, isEventStore, STORE_METHODS } from './event-store.ts';
import type { FallbackStep } from './fallback.ts';
import { FAULT } from './fault-schema.ts';
import type { Priority, TaskOptions } from './handle.ts';
import type { Limit } from './limit.ts';
import { explainIssue } from './option-issue.ts';
import {
  above0,
  atLeast0,
  BOUNDS,
  configOrFile,
  fn,
  isName,
  limit,
  name,
  notNegativeMs,
  positiveInteger,
  positiveMb,
  positiveMs,
  share,
  tags,
  threshold,
} from './option-values.ts';
import { priorityLevel } from './options.ts';
import { isOverflowSink, type OverflowSink } from './overflow.ts';
import { BUDGETS, RESOURCES, resourceNames } from './resource-schema.ts';
import type { RetryOptions } from './retry.ts';
import { THREADS } from './threads-schema.ts';
import type { Usage } from './usage.ts';

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
const RETRY = v.pipe(
  v.strictObject({
    attempts: positiveInteger(BOUNDS.attempts),
    backoff: v.optional(
      v.custom<RetryOptions['backoff']>(
        (value) => value === 'exponential' || value === 'constant' || typeof value === 'function',
        "'exponential', 'constant' or a function (attempt, error) => milliseconds",
      ),
    ),
    baseMs: v.optional(notNegativeMs),
    maxMs: v.optional(notNegativeMs),
    when: v.optional(fn('a function (error) => boolean')),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const input = dataset.value;
    const { baseMs, maxMs } = input;
    if (baseMs === undefined || maxMs === undefined || baseMs <= maxMs) return;
    addIssue({
      message: `at least baseMs, which is ${baseMs}`,
      input: maxMs,
      path: [{ type: 'object', origin: 'value', input, key: 'maxMs', value: maxMs }],
    });
  }),
);
const fallbackStep = v.custom<FallbackStep<never, unknown>>(
  (value) => typeof value === 'function' || (typeof value === 'string' && v.is(name, value)),
  "an agent's name or a function (input, error) => value",
);
const shared = {
  slo: v.optional(SLO),
  capabilities: v.optional(v.array(name, 'a list of names')),
  timeoutMs: v.optional(positiveMs),
  deadlineMs: v.optional(positiveMs),
  retry: v.optional(RETRY),
  fallback: v.optional(
    v.pipe(
      v.array(fallbackStep, 'a list of steps'),
      v.maxLength(BOUNDS.fallback, `at most ${BOUNDS.fallback} steps`),
    ),
  ),
  limit: v.optional(limit),
  breaker: v.optional(BREAKER),
  probe: v.optional(fn<() => unknown>('a function () => input')),
  input: v.optional(schema),
  resources: v.optional(resourceNames),
  estimate: v.optional(fn<() => Usage>('a function input => { inputTokens, outputTokens, costUsd }')),
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
  stallMs: v.optional(positiveMs),
  isolate: v.optional(v.literal('process', "'process'")),
  graceMs: v.optional(notNegativeMs),
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
const ADAPTIVE = {
  reserve: v.optional(v.strictObject({ high: positiveInteger(1_000) })),
  minShare: v.optional(v.strictObject({ low: share })),
  tenants: v.optional(v.strictObject({ weights: v.record(name, above0) })),
  memory: v.optional(v.strictObject({ heapShare: v.optional(threshold), rssMb: v.optional(positiveMb) })),
};
const ENGINE = v.strictObject({
  agents: v.optional(v.array(AGENT, 'a list of agents')),
  threads: v.optional(THREADS),
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
  poison: v.optional(POISON),
  deadLetters: v.optional(DEAD_LETTERS),
  retryBudget: v.optional(
    v.strictObject({
      share: v.optional(share),
      windowMs: v.optional(positiveMs),
      minimum: v.optional(atLeast0),
    }),
  ),
  sync: v.optional(
    v.strictObject({
      maxNames: v.optional(positiveInteger(1_000_000)),
      maxWaiters: v.optional(positiveInteger(1_000_000)),
      stallMs: v.optional(positiveMs),
      patienceMs: v.optional(positiveMs),
    }),
  ),
  resources: v.optional(RESOURCES),
  budgets: v.optional(BUDGETS),
  config: v.optional(configOrFile),
  faults: v.optional(v.boolean('true or false')),
  journal: v.optional(
    v.custom<EventStore>(
      isEventStore,
      `an EventStore: an object with the methods ${STORE_METHODS.join(', ')}`,
    ),
  ),
  closeTimeoutMs: v.optional(positiveMs),
  clock: v.optional(v.custom<Clock>(isClock, 'a Clock: an object with the methods now, schedule and defer')),
  random: v.optional(fn<Random>('a function that returns a number in [0, 1)')),
});
const ID = v.strictObject({ id: name });
const ASKED = {
  tags: v.optional(tags),
  tenant: v.optional(name),
  workflow: v.optional(name),
  priority: v.optional(priority),
  signal: v.optional(signal),
  timeoutMs: v.optional(positiveMs),
  deadlineMs: v.optional(positiveMs),
  retry: v.optional(RETRY),
};
const TASK = v.strictObject({
  ...ASKED,
  transfer: v.optional(v.array(v.any(), 'a list of what to transfer')),
});
const STREAM = v.strictObject({
  ...ASKED,
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
  cancelFilter: CANCEL_FILTER,
  cancel: CANCEL_OPTIONS,
  letterFilter: LETTER_FILTER,
  letterList: LETTER_LIST,
  letterId: ID,
  redrive: REDRIVE,
  fault: FAULT,
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
  for (const key in options) if (key !== 'priority' && key !== 'workflow') return false;
  const { priority: asked, workflow } = options;
  if (workflow !== undefined && !isName(workflow)) return false;
  return asked === undefined || asked === 'normal' || asked === 'high' || asked === 'low';
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
