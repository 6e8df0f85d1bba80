import { ConfigError } from '../contract/errors.ts';
import { describe, nearest } from '../contract/option-issue.ts';
import type { CancelledSteps, Dependents, StepFilter } from '../contract/workflow-run.ts';
import { illegal } from './control.ts';
import type { Plan } from './plan.ts';
import { hasEnded, type RunState } from './state.ts';

/** What `run.cancel()` is given. */
export type CancelFilter = StepFilter & { readonly dependents?: Dependents };

/** What a filter means, by the index of steps. */
export interface Meant {
  readonly steps: readonly number[];
  /** Single items of maps. */
  readonly items: ReadonlyMap<number, ReadonlySet<number>>;
}

/** What a filter means in the run itself. `levelOf` gives the priority of a step's tasks. */
export function meantBy(plan: Plan, filter: StepFilter, levelOf: (step: number) => number): Meant {
  if (filter.tasks === undefined) return { steps: matching(plan, filter, levelOf), items: new Map() };
  const steps: number[] = [];
  const items = new Map<number, Set<number>>();
  for (const path of filter.tasks) {
    const [own = '', item, ...inside] = path.split('/');
    const index = indexOf(plan, own);
    if (item === undefined) steps.push(index);
    else if (inside.length === 0 && plan.steps[index]!.definition.kind === 'map') {
      items.set(index, (items.get(index) ?? new Set()).add(Number(item)));
    }
  }
  return { steps, items };
}

/**
 * The steps that a filter means, by index; a name with a slash is of a nested workflow. `levelOf` gives the priority of a
 * step's tasks.
 */
function matching(
  plan: Plan,
  { steps, agents, capabilities, kinds, priority }: StepFilter,
  levelOf: (step: number) => number,
): readonly number[] {
  const named = steps?.flatMap((name) => {
    const [own = '', ...inside] = name.split('/');
    const index = indexOf(plan, own);
    return inside.length === 0 ? [index] : [];
  });
  return plan.steps
    .filter(({ index, definition }) => {
      if (named !== undefined && !named.includes(index)) return false;
      if (kinds !== undefined && !kinds.includes(definition.kind)) return false;
      const work = 'work' in definition ? definition.work : undefined;
      if (agents !== undefined && !(work?.kind === 'agent' && agents.includes(work.agent))) return false;
      if (
        capabilities !== undefined &&
        !(work?.kind === 'capability' && capabilities.includes(work.capability))
      )
        return false;
      if (priority === undefined) return true;
      const level = levelOf(index);
      return (
        level >= (priority.from ?? Number.NEGATIVE_INFINITY) &&
        level <= (priority.to ?? Number.POSITIVE_INFINITY)
      );
    })
    .map(({ index }) => index);
}

/** @throws SpillwayError `WORKFLOW_STATE` for a name that there is not */
export function indexOf({ indexOf, workflow }: Plan, name: string): number {
  const index = indexOf.get(name);
  if (index !== undefined) return index;
  const names = [...indexOf.keys()].map((one) => `"${one}"`).join(', ');
  throw illegal(`workflow "${workflow.id}" has no step "${name}"; it has ${names}`);
}

/** What it means to cancel these steps now. */
export function cancelledOf(
  plan: Plan,
  state: RunState,
  steps: readonly number[],
  dependents: Dependents,
): CancelledSteps {
  const nameOf = (index: number): string => plan.steps[index]!.definition.name;
  const open = steps.filter((index) => !hasEnded(state.steps[index]!.status));
  let items = 0;
  for (const index of open) {
    const now = state.steps[index]!;
    if (now.status !== 'running' || now.work?.kind !== 'items') continue;
    items += Math.max(0, (now.work.count ?? 0) - now.work.ended.size);
  }
  return {
    steps: open.map(nameOf),
    items,
    dependents: dependentsOf(plan, state, open, dependents).map(nameOf),
  };
}

/** Those that are not run for it, to the last one; or those that are run without it. */
export function dependentsOf(
  plan: Plan,
  state: RunState,
  steps: readonly number[],
  dependents: Dependents,
): readonly number[] {
  const seen = new Set(steps);
  const queue = [...steps];
  for (let at = 0; at < queue.length && (dependents === 'cancel' || at < steps.length); at++) {
    for (const next of plan.steps[queue[at]!]!.neededBy) {
      if (seen.has(next) || state.steps[next]!.status !== 'waiting') continue;
      seen.add(next);
      queue.push(next);
    }
  }
  return queue.slice(steps.length).sort((a, b) => a - b);
}

/** What it means in the nested run of that name; `undefined` if that is none of it. */
export function filterInside(filter: CancelFilter, name: string): CancelFilter | undefined {
  const key = filter.tasks === undefined ? 'steps' : 'tasks';
  const paths = filter[key]?.flatMap((path) =>
    path.startsWith(`${name}/`) ? [path.slice(name.length + 1)] : [],
  );
  if (paths === undefined) return filter;
  return paths.length === 0 ? undefined : { ...filter, [key]: paths };
}

/** What was cancelled in a nested run, and its name. */
export interface ToldInside {
  readonly name: string;
  readonly told: CancelledSteps;
}

/** All that was cancelled: of nested runs by its path. */
export function toldTogether(own: CancelledSteps, inside: readonly ToldInside[]): CancelledSteps {
  const paths = (of: 'steps' | 'dependents') =>
    inside.flatMap(({ name, told }) => told[of].map((step) => `${name}/${step}`));
  return {
    steps: [...own.steps, ...paths('steps')],
    items: inside.reduce((sum, { told }) => sum + told.items, own.items),
    dependents: [...own.dependents, ...paths('dependents')],
  };
}

const CONDITIONS = ['tasks', 'steps', 'agents', 'capabilities', 'kinds', 'priority'] as const;

/**
 * A filter without conditions would mean every step, and so would one whose condition is mistyped.
 * @throws ConfigError for either, and for what `dependents` cannot be
 */
export function checkFilter(filter: CancelFilter): void {
  const known: readonly string[] = [...CONDITIONS, 'dependents'];
  for (const key of Object.keys(filter)) {
    if (known.includes(key)) continue;
    const meant = nearest(key, known);
    const hint = meant === undefined ? `known are ${known.join(', ')}` : `did you mean "${meant}"?`;
    throw new ConfigError('UNKNOWN_OPTION', `cancel.${key}`, `cancel.${key}: no such condition; ${hint}`);
  }
  if (CONDITIONS.every((key) => filter[key] === undefined)) {
    const message =
      'cancel: expected at least one condition, got none; cancel() without a filter cancels the run';
    throw new ConfigError('INVALID_OPTION', 'cancel', message, {
      expected: 'at least one condition',
      received: 'none',
    });
  }
  const other = CONDITIONS.find((key) => key !== 'tasks' && filter[key] !== undefined);
  if (filter.tasks !== undefined && other !== undefined) {
    const message = `cancel.${other}: expected nothing beside tasks, which name what is meant; leave one of them out`;
    throw new ConfigError('INVALID_OPTION', `cancel.${other}`, message, {
      expected: 'nothing beside tasks',
      received: describe(filter[other]),
    });
  }
  const { dependents } = filter;
  if (dependents === undefined || dependents === 'cancel' || dependents === 'reassign') return;
  const received = describe(dependents);
  const message = `cancel.dependents: expected 'cancel' or 'reassign', got ${received}`;
  throw new ConfigError('INVALID_OPTION', 'cancel.dependents', message, {
    expected: "'cancel' or 'reassign'",
    received,
  });
}
