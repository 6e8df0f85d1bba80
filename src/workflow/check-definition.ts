import type { Agent } from '../contract/agent.ts';
import { SpillwayError } from '../contract/errors.ts';
import { describe, nearest } from '../contract/option-issue.ts';
import { type StepDefinition, WORKFLOW_DEFAULTS } from '../contract/workflow-definition.ts';
import { checkStep, isCount, isName, isSchema, type Wrong } from './check-step.ts';
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
  checkOptions(id, options, wrong);
  if (steps.length === 0) throw invalid(id, 'it has no steps; add one with .step()');
  if (steps.length > WORKFLOW_DEFAULTS.maxSteps) {
    throw wrong(
      'steps',
      `at most ${WORKFLOW_DEFAULTS.maxSteps}; use a map for work of one kind`,
      steps.length,
    );
  }
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
  const kinds = new Map(steps.map(({ name, kind }) => [name, kind]));
  for (const step of steps) checkNeeds(id, step, kinds);
  checkCycles(id, steps);
  if (agents !== undefined) checkAgents(id, steps, agents);
  checkDepth(id, steps, options);
}

function checkOptions(id: string, options: object, wrong: Wrong): void {
  const known = ['input', 'agents', 'onError', 'concurrency', 'maxDepth'];
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      const near = nearest(key, known);
      const hint = near === undefined ? `there are ${known.join(', ')}` : `did you mean "${near}"?`;
      throw invalid(id, `unknown option "${key}"; ${hint}`);
    }
  }
  const { onError, concurrency, input, maxDepth } = options as Readonly<Record<string, unknown>>;
  if (onError !== undefined && onError !== 'stop' && onError !== 'continue') {
    throw wrong('onError', "'stop' or 'continue'", onError);
  }
  if (concurrency !== undefined && !isCount(concurrency))
    throw wrong('concurrency', 'a whole number of at least 1', concurrency);
  if (maxDepth !== undefined && !isCount(maxDepth))
    throw wrong('maxDepth', 'a whole number of at least 1', maxDepth);
  if (input !== undefined && !isSchema(input)) throw wrong('input', 'a Standard Schema', input);
}

function checkNeeds(
  id: string,
  step: StepDefinition,
  kinds: ReadonlyMap<string, StepDefinition['kind']>,
): void {
  for (const need of needsOf(step)) {
    if (need === step.name) throw invalid(id, `step "${step.name}" needs itself`);
    if (kinds.has(need)) continue;
    const names = [...kinds.keys()];
    const near = nearest(String(need), names);
    const hint =
      near === undefined
        ? `there are ${names.map((name) => `"${name}"`).join(', ')}`
        : `did you mean "${near}"?`;
    throw invalid(id, `step "${step.name}" needs "${String(need)}", which is no step; ${hint}`);
  }
  if (step.kind !== 'reduce') return;
  const kind = kinds.get(step.of)!;
  if (kind !== 'map')
    throw invalid(id, `step "${step.name}": of has to name a map, "${step.of}" is a ${kind}`);
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
      if (work.kind === 'workflow' && typeof work.workflow === 'object')
        checkAgents(work.workflow.id, work.workflow.steps, agents);
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

function checkDepth(id: string, steps: readonly StepDefinition[], options: object): void {
  const { maxDepth = WORKFLOW_DEFAULTS.maxDepth } = options as { readonly maxDepth?: number };
  if (depthOf(steps) <= maxDepth) return;
  throw invalid(id, `workflows lie in each other more than ${maxDepth} deep; use a loop, or raise maxDepth`);
}

/** By the steps of workflows that were built: one may lie in others many times. */
const depths = new WeakMap<readonly StepDefinition[], number>();

function depthOf(steps: readonly StepDefinition[]): number {
  const known = depths.get(steps);
  if (known !== undefined) return known;
  let inner = 0;
  for (const step of steps) {
    if ('work' in step && step.work.kind === 'workflow' && typeof step.work.workflow === 'object') {
      inner = Math.max(inner, depthOf(step.work.workflow.steps));
    }
  }
  depths.set(steps, inner + 1);
  return inner + 1;
}

export function invalid(id: unknown, message: string): SpillwayError {
  return new SpillwayError('WORKFLOW_INVALID', `workflow "${String(id)}": ${message}`);
}
