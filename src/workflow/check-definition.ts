import type { Agent } from '../contract/agent.ts';
import { SpillwayError } from '../contract/errors.ts';
import { describe, nearest } from '../contract/option-issue.ts';
import { type StepDefinition, WORKFLOW_DEFAULTS, type Workflow } from '../contract/workflow-definition.ts';
import { inOrder, needsOf } from './plan.ts';

interface Draft {
  readonly id: string;
  readonly steps: readonly StepDefinition[];
  readonly agents: readonly Agent[] | undefined;
  readonly options: object;
}

/** @throws SpillwayError `WORKFLOW_INVALID` that names what is wrong, where, and what was expected */
export function checkDefinition({ id, steps, agents, options }: Draft): void {
  const wrong = (at: string, expected: string, got: unknown) =>
    invalid(id, `${at}: expected ${expected}, got ${describe(got)}`);
  if (!isName(id)) throw wrong('id', 'a text of 1 to 200 characters without "/"', id);
  checkOptions(options, wrong);
  if (steps.length === 0) throw invalid(id, 'it has no steps; add one with .step()');
  if (steps.length > WORKFLOW_DEFAULTS.maxSteps) {
    throw wrong(
      'steps',
      `at most ${WORKFLOW_DEFAULTS.maxSteps}; use a map for work of one kind`,
      steps.length,
    );
  }
  const names = steps.map(({ name }) => name);
  const known = new Set<string>();
  for (const [index, step] of steps.entries()) {
    const { name } = step;
    if (!isName(name)) throw wrong(`steps[${index}].name`, 'a text of 1 to 200 characters without "/"', name);
    if (name === 'input' || name === 'output' || name === 'turn') {
      throw invalid(
        id,
        `step "${name}": that name stands for something else in functions of steps; choose another`,
      );
    }
    if (known.has(name)) throw invalid(id, `two steps are named "${name}"; names have to differ`);
    known.add(name);
    checkStep(step, wrong);
  }
  for (const step of steps) checkNeeds(id, step, names, steps);
  checkCycles(id, steps);
  if (agents !== undefined) checkAgents(id, steps, agents);
  checkDepth(id, steps, 1);
}

type Wrong = (at: string, expected: string, got: unknown) => SpillwayError;

function checkOptions(options: object, wrong: Wrong): void {
  const known = ['input', 'agents', 'onError', 'concurrency'];
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw wrong('options', `only ${known.join(', ')}`, nearest(key, known) ?? key);
    }
  }
  const { onError, concurrency, input } = options as Readonly<Record<string, unknown>>;
  if (onError !== undefined && onError !== 'stop' && onError !== 'continue') {
    throw wrong('onError', "'stop' or 'continue'", onError);
  }
  if (concurrency !== undefined && !isCount(concurrency))
    throw wrong('concurrency', 'a whole number of at least 1', concurrency);
  if (input !== undefined && !isSchema(input)) throw wrong('input', 'a Standard Schema', input);
}

function checkStep(step: StepDefinition, wrong: Wrong): void {
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
  if (!isCount(retry.attempts) || retry.attempts > 1_000) {
    throw wrong(at('retry.attempts'), 'a whole number from 1 to 1000', retry.attempts);
  }
  if (!isMs(retry.backoffMs))
    throw wrong(at('retry.backoffMs'), 'a number of milliseconds of at least 0', retry.backoffMs);
  if (timeoutMs !== undefined && !(isMs(timeoutMs) && timeoutMs > 0)) {
    throw wrong(at('timeoutMs'), 'a number of milliseconds above 0', timeoutMs);
  }
  if (expectedMs !== undefined && !isMs(expectedMs))
    throw wrong(at('expectedMs'), 'a number of milliseconds', expectedMs);
  if (output !== undefined && !isSchema(output)) throw wrong(at('output'), 'a Standard Schema', output);
  if (compensate !== undefined && !isCompensation(compensate)) {
    throw wrong(at('compensate'), 'a function, or { agent }', compensate);
  }
  checkKind(step, at, wrong);
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
  if (of.kind === 'workflow' && !isWorkflow(of.workflow))
    throw wrong(at('workflow'), 'a workflow that was built', of.workflow);
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

function checkNeeds(
  id: string,
  step: StepDefinition,
  names: readonly string[],
  steps: readonly StepDefinition[],
): void {
  for (const need of needsOf(step)) {
    if (need === step.name) throw invalid(id, `step "${step.name}" needs itself`);
    if (names.includes(need)) continue;
    const near = nearest(String(need), names);
    const hint =
      near === undefined
        ? `there are ${names.map((name) => `"${name}"`).join(', ')}`
        : `did you mean "${near}"?`;
    throw invalid(id, `step "${step.name}" needs "${need}", which is no step; ${hint}`);
  }
  if (step.kind !== 'reduce') return;
  const of = steps.find(({ name }) => name === step.of)!;
  if (of.kind !== 'map')
    throw invalid(id, `step "${step.name}": of has to name a map, "${step.of}" is a ${of.kind}`);
}

function checkCycles(id: string, steps: readonly StepDefinition[]): void {
  const indexOf = new Map(steps.map(({ name }, index) => [name, index]));
  const needs = steps.map((step) => needsOf(step).map((name) => indexOf.get(name)!));
  const neededBy = steps.map((): number[] => []);
  for (const [index, all] of needs.entries()) for (const need of all) neededBy[need]!.push(index);
  const order = inOrder(needs, neededBy);
  if (order.length === steps.length) return;
  const left = new Set(steps.keys());
  for (const index of order) left.delete(index);
  // Each one that is left needs another one that is left: going back along the needs ends on the cycle.
  const path: number[] = [];
  let at = [...left][0]!;
  while (!path.includes(at)) {
    path.push(at);
    at = needs[at]!.find((need) => left.has(need))!;
  }
  const cycle = [...path.slice(path.indexOf(at)), at].reverse().map((index) => `"${steps[index]!.name}"`);
  throw invalid(id, `steps need each other in a cycle: ${cycle.join(' -> ')}; take one of these out`);
}

/** @throws SpillwayError `WORKFLOW_INVALID` for an agent or a capability that is not there */
export function checkAgents(id: string, steps: readonly StepDefinition[], agents: readonly Agent[]): void {
  const names = agents.map(({ name }) => name);
  const capabilities = [...new Set(agents.flatMap(({ options }) => options.capabilities ?? []))];
  for (const step of steps) {
    if ('work' in step) {
      const { work } = step;
      if (work.kind === 'agent') checkKnown(id, step.name, 'agent', work.agent, names);
      if (work.kind === 'capability') checkKnown(id, step.name, 'capability', work.capability, capabilities);
      if (work.kind === 'workflow') checkAgents(work.workflow.id, work.workflow.steps, agents);
    }
    const { compensate } = step;
    if (typeof compensate === 'object')
      checkKnown(id, `${step.name}, compensate`, 'agent', compensate.agent, names);
  }
}

function checkKnown(id: string, step: string, what: string, name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  const near = nearest(name, known);
  const list = known
    .slice(0, 20)
    .map((one) => `"${one}"`)
    .join(', ');
  const hint =
    near !== undefined
      ? `did you mean "${near}"?`
      : known.length === 0
        ? 'there is none'
        : `there are ${list}`;
  throw invalid(id, `step "${step}" names the ${what} "${name}", which is not registered; ${hint}`);
}

function checkDepth(id: string, steps: readonly StepDefinition[], depth: number): void {
  if (depth > WORKFLOW_DEFAULTS.maxDepth) {
    throw invalid(
      id,
      `workflows lie in each other more than ${WORKFLOW_DEFAULTS.maxDepth} deep; use a loop instead`,
    );
  }
  for (const step of steps) {
    if ('work' in step && step.work.kind === 'workflow') checkDepth(id, step.work.workflow.steps, depth + 1);
  }
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

function isCompensation(value: unknown): boolean {
  return (
    typeof value === 'function' ||
    (typeof value === 'object' && value !== null && 'agent' in value && isText(value.agent))
  );
}

function isSchema(value: unknown): boolean {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && '~standard' in value;
}

/** A slash parts the names of runs in runs. */
function isName(value: unknown): value is string {
  return isText(value) && value.length <= 200 && !value.includes('/');
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 1;
const isMs = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY;

function invalid(id: unknown, message: string): SpillwayError {
  return new SpillwayError('WORKFLOW_INVALID', `workflow "${String(id)}": ${message}`);
}
