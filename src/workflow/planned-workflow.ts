import { SpillwayError } from '../contract/errors.ts';
import { describe, nearest } from '../contract/option-issue.ts';
import type { StandardSchema } from '../contract/standard-schema.ts';
import type { Workflow } from '../contract/workflow-definition.ts';
import { workflow } from './builder.ts';
import { stableHash } from './stable-hash.ts';

/** Stands in a plan for the output of another of its steps, or for the plan's own `input`, or for a part of it. */
export interface PlanReference {
  /** The name of a step, or `input`. */
  readonly from: string;
  /** Keys on the way to the part, such as `answer.questions`. Default: all of it. */
  readonly path?: string;
}

/** A step of a plan: one task, or one for each item of `over`. */
export interface PlannedStep {
  readonly name: string;
  /** Who does it: this or `capability`. */
  readonly agent?: string;
  readonly capability?: string;
  readonly after?: readonly string[];
  /** Plain data, with references in it. For an item the default is the item; else as for any step. */
  readonly input?: unknown;
  /** A list, or a reference to one. */
  readonly over?: readonly unknown[] | PlanReference;
  /** `skip` goes on without it. Default `fail`. */
  readonly onFailure?: 'fail' | 'skip';
}

/** What a planner gives: plain data, as a model can write it. */
export interface WorkflowPlan {
  readonly steps: readonly PlannedStep[];
  /** What references to `input` mean; for the step that runs the plan to fill in. */
  readonly input?: unknown;
}

/** What a planner may do. */
export interface PlanLimits {
  /** Agents that it may name. Default: none. */
  readonly agents?: readonly string[];
  /** Capabilities that it may name. Default: none. */
  readonly capabilities?: readonly string[];
  /** Most steps. Default 100. */
  readonly maxSteps?: number;
}

const MAX_STEPS = 100;
const KEYS = ['name', 'agent', 'capability', 'after', 'input', 'over', 'onFailure'];

/**
 * Checks what a planner gives, as the `output` of its step: nonsense fails the step, which says what was expected where,
 * and `retry` asks the planner again; the step's `input` is given that error, so that the planner can be told. What passes is kept like any output, so that a restart goes on with the same plan.
 */
export function planSchema(limits: PlanLimits): StandardSchema {
  return {
    '~standard': {
      version: 1,
      vendor: 'spillway',
      validate(value) {
        const issues = wrongOf(value, limits);
        return issues.length === 0 ? { value } : { issues };
      },
    },
  };
}

interface Wrong {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** All that is wrong with its steps, so that a planner that is told of it can mend it at once; else with the whole. */
function wrongOf(plan: unknown, limits: PlanLimits): readonly Wrong[] {
  const { maxSteps = MAX_STEPS } = limits;
  if (!isObject(plan)) return [expected([], 'a plan, { steps: [...] }', plan)];
  const { steps } = plan;
  if (!Array.isArray(steps) || steps.length === 0) return [expected(['steps'], 'a list of steps', steps)];
  if (steps.length > maxSteps) {
    return [{ path: ['steps'], message: `expected at most ${maxSteps} steps, got ${steps.length}` }];
  }
  const wrong = steps.flatMap((step, index) => wrongStep(step, ['steps', index], limits) ?? []);
  if (wrong.length > 0) return wrong;
  try {
    planned(plan as unknown as WorkflowPlan);
    return [];
  } catch (error) {
    if (!(error instanceof SpillwayError)) throw error;
    return [{ path: ['steps'], message: error.message }];
  }
}

function wrongStep(step: unknown, at: readonly (string | number)[], limits: PlanLimits): Wrong | undefined {
  if (!isObject(step)) return expected(at, 'a step, { name, agent, ... }', step);
  const unknown = Object.keys(step).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) {
    return { path: [...at, unknown], message: `expected only ${KEYS.join(', ')}${hint(unknown, KEYS)}` };
  }
  const { name, agent, capability, after, over, onFailure } = step;
  if (typeof name !== 'string') return expected([...at, 'name'], 'a text', name);
  if ((agent === undefined) === (capability === undefined)) {
    return expected(at, 'exactly one of agent and capability', step);
  }
  const [key, who, known] =
    agent === undefined
      ? (['capability', capability, limits.capabilities ?? []] as const)
      : (['agent', agent, limits.agents ?? []] as const);
  if (typeof who !== 'string' || !known.includes(who)) {
    const list = known.length === 0 ? `no ${key}` : `one of ${known.map((one) => `"${one}"`).join(', ')}`;
    return { path: [...at, key], message: `expected ${list}, got ${describe(who)}${hint(who, known)}` };
  }
  if (after !== undefined && !(Array.isArray(after) && after.every((one) => typeof one === 'string'))) {
    return expected([...at, 'after'], 'a list of names of steps', after);
  }
  if (over !== undefined && !Array.isArray(over) && !isReference(over)) {
    return expected([...at, 'over'], "a list, or { from: 'step' }", over);
  }
  if (onFailure !== undefined && onFailure !== 'fail' && onFailure !== 'skip') {
    return expected([...at, 'onFailure'], "'fail' or 'skip'", onFailure);
  }
  return undefined;
}

type Context = Readonly<Record<string, unknown>>;

/**
 * The workflow that a plan describes, to be run by a step: `workflow: planned`. Its id carries a hash of the plan.
 * @throws SpillwayError `WORKFLOW_INVALID` for steps that need each other in a cycle, or one that there is not
 */
export function planned({ steps }: WorkflowPlan): Workflow {
  let builder = workflow(`plan ${stableHash(steps).slice(0, 16)}`) as unknown as AnyBuilder;
  for (const { name, agent, capability, after = [], input, over, onFailure = 'fail' } of steps) {
    const from = [...referencesIn(input), ...referencesIn(over)].filter((one) => one !== 'input');
    const common = {
      ...(agent !== undefined && { agent }),
      ...(capability !== undefined && { capability }),
      after: [...new Set([...after, ...from])],
      onFailure,
    };
    builder =
      over === undefined
        ? builder.step(name, {
            ...common,
            ...(input !== undefined && { input: (context: Context) => resolved(input, context) }),
          })
        : builder.map(name, {
            ...common,
            over: (context: Context) => resolved(over, context),
            ...(input !== undefined && {
              input: (_item: unknown, _index: number, context: Context) => resolved(input, context),
            }),
          });
  }
  return builder.build();
}

/** The builder, for names that are known only when it runs. */
interface AnyBuilder {
  step(name: string, options: object): AnyBuilder;
  map(name: string, options: object): AnyBuilder;
  build(): Workflow;
}

function referencesIn(value: unknown): readonly string[] {
  if (isReference(value)) return [value.from];
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  return isObject(value) ? Object.values(value).flatMap(referencesIn) : [];
}

/** The value with what its references stand for. */
function resolved(value: unknown, context: Context): unknown {
  if (isReference(value)) {
    // What a plan is run with is the plan itself, with its input in it.
    const whole = value.from === 'input' ? partOf(context['input'], 'input') : context[value.from];
    return value.path === undefined ? whole : value.path.split('.').reduce(partOf, whole);
  }
  if (Array.isArray(value)) return value.map((one) => resolved(one, context));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolved(one, context)]));
}

/** Own keys only: a plan comes from outside. */
function partOf(whole: unknown, key: string): unknown {
  return typeof whole === 'object' && whole !== null && Object.hasOwn(whole, key)
    ? (whole as Context)[key]
    : undefined;
}

function isReference(value: unknown): value is PlanReference {
  if (!isObject(value) || typeof value['from'] !== 'string') return false;
  const { path } = value;
  const isAll = Object.keys(value).every((key) => key === 'from' || key === 'path');
  return isAll && (path === undefined || typeof path === 'string');
}

function isObject(value: unknown): value is Context {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function expected(path: readonly (string | number)[], what: string, got: unknown): Wrong {
  return { path, message: `expected ${what}, got ${describe(got)}` };
}

function hint(name: unknown, known: readonly string[]): string {
  const near = typeof name === 'string' ? nearest(name, known) : undefined;
  return near === undefined ? '' : `; did you mean "${near}"?`;
}
