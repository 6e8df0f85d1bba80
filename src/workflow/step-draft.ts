import type { Priority } from '../contract/handle.ts';
import type { StandardSchema } from '../contract/standard-schema.ts';
import { type StepRetry, WORKFLOW_DEFAULTS } from '../contract/workflow-definition.ts';

interface AnyOptions {
  readonly after?: unknown;
  readonly when?: unknown;
  readonly onFailure?: unknown;
  readonly retry?: Partial<StepRetry>;
  readonly compensate?: unknown;
  readonly priority?: Priority;
  readonly timeoutMs?: number;
  readonly expectedMs?: number;
  readonly output?: StandardSchema;
}

/** What all kinds of steps keep. */
export function common(name: string, options: AnyOptions) {
  const { after, when, onFailure, retry, compensate, priority, timeoutMs, expectedMs, output } = options;
  return {
    name,
    after: after === undefined ? [] : typeof after === 'string' ? [after] : after,
    when,
    onFailure: onFailure ?? 'fail',
    retry: {
      attempts: retry?.attempts ?? WORKFLOW_DEFAULTS.retry.attempts,
      backoffMs: retry?.backoffMs ?? WORKFLOW_DEFAULTS.retry.backoffMs,
    },
    compensate,
    priority,
    timeoutMs,
    expectedMs,
    output,
  };
}

/** Who does the work; `none` if that is not said by exactly one option, which the check of the definition refuses. */
export function workOf(options: {
  readonly agent?: string | undefined;
  readonly capability?: string | undefined;
  readonly run?: unknown;
  readonly workflow?: unknown;
}) {
  const { agent, capability, run, workflow } = options;
  const given = Object.entries({ agent, capability, run, workflow }).filter(
    ([, value]) => value !== undefined,
  );
  const [kind, value] = given.length === 1 ? given[0]! : ['none', given.map(([name]) => name)];
  switch (kind) {
    case 'agent':
      return { work: { kind, agent: value } };
    case 'capability':
      return { work: { kind, capability: value } };
    case 'run':
      return { work: { kind: 'function', run: value } };
    case 'workflow':
      return { work: { kind, workflow: value } };
    default:
      return { work: { kind: 'none', given: value } };
  }
}

/** What a step waits for. */
export function waitOn(options: {
  readonly ms?: unknown;
  readonly signal?: unknown;
  readonly approval?: unknown;
  readonly timeoutMs?: unknown;
}) {
  const { ms, signal, approval, timeoutMs } = options;
  if (ms !== undefined) return { kind: 'timer', ms };
  if (signal !== undefined) return { kind: 'signal', signal, timeoutMs };
  return { kind: 'approval', ask: approval };
}
