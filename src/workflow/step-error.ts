import { type ErrorCode, SpillwayError } from '../contract/errors.ts';
import type { Outcome } from '../contract/outcome.ts';
import { describeThrown } from '../contract/thrown.ts';
import type { StepError } from '../contract/workflow.ts';

/** Codes of failures that would come again: the same input would fail in the same way. */
const FINAL: ReadonlySet<string> = new Set<ErrorCode>([
  'INPUT_INVALID',
  'INPUT_NOT_CLONEABLE',
  'RESULT_NOT_CLONEABLE',
  'NON_RETRYABLE',
  'POISON',
  'UNKNOWN_AGENT',
  'WORKFLOW_LIMIT',
  'STEP_REFUSED',
  'RESOURCE_TOO_SMALL',
  'ENGINE_CLOSED',
]);

const SUGGESTIONS: Readonly<Record<string, string>> = {
  TIMEOUT: 'raise the timeoutMs of the step or of its agent, or split the work',
  DEADLINE: 'raise the deadlineMs of the agent, or split the work',
  CANCELLED: 'retry the step, or fork the run from it',
  OVERLOADED: 'retry the step when the load has fallen',
  UPSTREAM_BUSY: 'retry the step when the upstream is quiet again',
  BREAKER_OPEN: 'see engine.health() for what the agent fails of, then retry the step',
  AGENT_FAILED: 'see engine.health() for what killed its threads, then retry the step',
  AGENT_REMOVED: 'register an agent for it, then retry the step',
  UNKNOWN_AGENT: 'register the agent before the run is started',
  INPUT_INVALID: 'let `input` of the step give what the schema of the agent asks for',
  INPUT_NOT_CLONEABLE: 'let `input` of the step give plain data, without functions and open resources',
  RESULT_NOT_CLONEABLE: 'let the handler return plain data, without functions and open resources',
  WORKER_LOST: 'look for process.exit(), native code and memory in the handler, then retry the step',
  POISON: 'see engine.deadLetters for what it did to its threads',
  ENGINE_CLOSED: 'resume the run with its token on a new engine',
};

/** What a task of a step failed with. */
export function errorOfOutcome(step: string, item: number | undefined, outcome: Outcome): StepError {
  if (outcome.status === 'completed') throw new Error('workflow: a completed task is no error');
  const { code, message, cause } = outcome.error;
  const thrown = cause === undefined ? '' : `: ${describeThrown(cause)}`;
  const known = message.includes(thrown.slice(2)) ? '' : thrown;
  const error = stepError(step, item, code, `${message}${known}`);
  // Somebody wanted its end: only somebody may want it again.
  const isUnwanted = outcome.status === 'cancelled' && outcome.reason === 'cancelled';
  return isUnwanted ? { ...error, retryable: false } : error;
}

/** What a function of a step threw. */
export function errorOfThrown(
  step: string,
  item: number | undefined,
  what: string,
  thrown: unknown,
): StepError {
  const code = thrown instanceof SpillwayError ? thrown.code : 'STEP_FAILED';
  return stepError(step, item, code, `${what} of step "${step}": ${describeThrown(thrown)}`);
}

export function stepError(
  step: string,
  item: number | undefined,
  code: ErrorCode,
  message: string,
): StepError {
  return {
    step,
    ...(item !== undefined && { item }),
    code,
    message,
    suggestion: SUGGESTIONS[code] ?? 'mend what the message names, then retry the step',
    retryable: !FINAL.has(code),
  };
}
