import type { SpillwayError } from '../contract/errors.ts';
import type { OnFailure, StepDefinition, Workflow } from '../contract/workflow-definition.ts';

/** Makes the error of an option: where it stands, what was expected, and what came. */
export type Wrong = (at: string, expected: string, got: unknown) => SpillwayError;

/** @throws what `wrong` gives, for the first option of a step that makes no sense */
export function checkStep(step: StepDefinition, wrong: Wrong): void {
  const at = (field: string) => `step "${step.name}", ${field}`;
  const { after, when, onFailure, retry, timeoutMs, expectedMs, compensate, output } = step;
  if (!Array.isArray(after)) throw wrong(at('after'), "a step's name or a list of names", after);
  if (when !== undefined && typeof when !== 'function') throw wrong(at('when'), 'a function', when);
  if (!isFailurePolicy(onFailure)) {
    throw wrong(
      at('onFailure'),
      "'fail', 'skip', 'escalate', 'interpolate', { value } or { interpolate }",
      onFailure,
    );
  }
  if (step.kind !== 'map' && interpolates(onFailure)) {
    throw wrong(at('onFailure'), 'no `interpolate`: it is for items of maps', onFailure);
  }
  checkRetry(retry, 'retry', at, wrong);
  if (timeoutMs !== undefined && !(isMs(timeoutMs) && timeoutMs > 0)) {
    throw wrong(at('timeoutMs'), 'a number of milliseconds above 0', timeoutMs);
  }
  if (expectedMs !== undefined && !isMs(expectedMs))
    throw wrong(at('expectedMs'), 'a number of milliseconds', expectedMs);
  if (output !== undefined && !isSchema(output)) throw wrong(at('output'), 'a Standard Schema', output);
  if (compensate !== undefined && !isCompensation(compensate)) {
    throw wrong(at('compensate'), 'a function, or { agent }', compensate);
  }
  if (typeof compensate === 'object') checkRetry(compensate.retry, 'compensate.retry', at, wrong);
  checkKind(step, at, wrong);
}

function checkRetry(retry: unknown, name: string, at: (field: string) => string, wrong: Wrong): void {
  if (retry === undefined) return;
  if (typeof retry !== 'object' || retry === null) throw wrong(at(name), '{ attempts, backoffMs }', retry);
  const { attempts, backoffMs } = retry as { readonly attempts?: unknown; readonly backoffMs?: unknown };
  if (attempts !== undefined && !(isCount(attempts) && attempts <= 1_000)) {
    throw wrong(at(`${name}.attempts`), 'a whole number from 1 to 1000', attempts);
  }
  if (backoffMs !== undefined && !isMs(backoffMs)) {
    throw wrong(at(`${name}.backoffMs`), 'a number of milliseconds of at least 0', backoffMs);
  }
}

function checkKind(step: StepDefinition, at: (field: string) => string, wrong: Wrong): void {
  if (step.kind === 'wait') {
    checkWait(step, at, wrong);
    return;
  }
  checkWork(step, at, wrong);
  if (step.kind === 'map') {
    if (typeof step.over !== 'function')
      throw wrong(at('over'), 'a function that gives the items', step.over);
    if (!isCount(step.concurrency))
      throw wrong(at('concurrency'), 'a whole number of at least 1', step.concurrency);
    if (!isCount(step.maxItems)) throw wrong(at('maxItems'), 'a whole number of at least 1', step.maxItems);
    checkMinSuccess(step.minSuccess, at, wrong);
    const { enough } = step;
    if (enough !== undefined && !isCount('count' in enough ? enough.count : enough.quorum)) {
      throw wrong(at('enough'), '{ count } or { quorum }, a whole number of at least 1', enough);
    }
  } else if (step.kind === 'reduce') {
    checkMinSuccess(step.minSuccess, at, wrong);
    if (step.fanIn !== undefined && !(isCount(step.fanIn) && step.fanIn >= 2)) {
      throw wrong(at('fanIn'), 'a whole number of at least 2', step.fanIn);
    }
  } else if (step.kind === 'loop') {
    if (typeof step.until !== 'function') throw wrong(at('until'), 'a function', step.until);
    if (!isCount(step.max)) throw wrong(at('max'), 'a whole number of at least 1', step.max);
  }
}

function checkWait(
  step: Extract<StepDefinition, { kind: 'wait' }>,
  at: (field: string) => string,
  wrong: Wrong,
): void {
  const { on } = step;
  if (on.kind !== 'signal' && step.timeoutMs !== undefined) {
    throw wrong(at('timeoutMs'), `nothing: it is for signals, not for ${on.kind}s`, step.timeoutMs);
  }
  if (on.kind === 'timer' && typeof on.ms !== 'function' && !isMs(on.ms)) {
    throw wrong(at('ms'), 'a number of milliseconds of at least 0, or a function', on.ms);
  }
  if (on.kind === 'signal' && !isName(on.signal))
    throw wrong(at('signal'), 'a text of 1 to 200 characters', on.signal);
  if (on.kind === 'approval' && typeof on.ask !== 'function' && !isText(on.ask)) {
    throw wrong(at('approval'), 'what a person is asked, a text or a function', on.ask);
  }
}

function checkWork(
  step: Exclude<StepDefinition, { kind: 'wait' }>,
  at: (field: string) => string,
  wrong: Wrong,
): void {
  const work = step.work as { readonly kind: string; readonly given?: readonly string[] };
  if (work.kind === 'none') {
    const given = work.given ?? [];
    const one = step.kind === 'reduce' ? 'agent, capability, run, using' : 'agent, capability, run, workflow';
    throw wrong(at('work'), `exactly one of ${one}`, given.length === 0 ? undefined : given.join(' and '));
  }
  const { work: of } = step;
  if (of.kind === 'agent' && !isText(of.agent)) throw wrong(at('agent'), "an agent's name", of.agent);
  if (of.kind === 'capability' && !isText(of.capability))
    throw wrong(at('capability'), 'a capability', of.capability);
  if (of.kind === 'function' && typeof of.run !== 'function') throw wrong(at('run'), 'a function', of.run);
  if (of.kind === 'workflow' && typeof of.workflow !== 'function' && !isWorkflow(of.workflow))
    throw wrong(at('workflow'), 'a workflow that was built, or a function that builds one', of.workflow);
  if (of.kind !== 'aggregation') return;
  const isPlain = of.aggregation?.spec !== undefined || of.on !== 'threads';
  if (typeof of.aggregation?.add === 'function' && isPlain) return;
  throw wrong(at('using'), 'an aggregation such as stats(), without functions if on threads', of.aggregation);
}

function checkMinSuccess(min: unknown, at: (field: string) => string, wrong: Wrong): void {
  if (typeof min === 'number' && min >= 0 && min <= 1) return;
  if (typeof min === 'object' && min !== null) {
    const { count, items } = min as { readonly count?: unknown; readonly items?: unknown };
    if (Number.isInteger(count) && (count as number) >= 0) return;
    if (Array.isArray(items) && items.every((item) => Number.isInteger(item) && item >= 0)) return;
  }
  throw wrong(at('minSuccess'), 'a share from 0 to 1, { count }, or { items: [...] }', min);
}

export function isWorkflow(value: unknown): value is Workflow {
  return (
    typeof value === 'object' &&
    value !== null &&
    'hash' in value &&
    'steps' in value &&
    Array.isArray(value.steps)
  );
}

function isFailurePolicy(value: unknown): boolean {
  if (typeof value === 'string') return ['fail', 'skip', 'escalate', 'interpolate'].includes(value);
  if (typeof value !== 'object' || value === null) return false;
  return 'value' in value || ('interpolate' in value && typeof value.interpolate === 'function');
}

function interpolates(policy: OnFailure): boolean {
  return policy === 'interpolate' || (typeof policy === 'object' && 'interpolate' in policy);
}

function isCompensation(value: unknown): boolean {
  return (
    typeof value === 'function' ||
    (typeof value === 'object' && value !== null && 'agent' in value && isText(value.agent))
  );
}

export function isSchema(value: unknown): boolean {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && '~standard' in value;
}

/** A slash parts the names of runs in runs. */
export function isName(value: unknown): value is string {
  return isText(value) && value.length <= 200 && !value.includes('/');
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
export const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 1;
const isMs = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY;
