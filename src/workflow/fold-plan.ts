import type { ReduceStep, StepDefinition } from '../contract/workflow-definition.ts';
import { AGGREGATE_DEFAULTS } from './aggregate/defaults.ts';
import type { ItemsState } from './state.ts';

/** How a map's outputs become parts while it is still running: the tree's shape, which depends on indexes alone. */
export interface FoldPlan {
  /** The step that takes what is left when the map has ended. */
  readonly reduce: ReduceStep;
  /** Outputs that become one part of level 0. */
  readonly partItems: number;
  /** Parts that become one of the next level. */
  readonly fanIn: number;
}

/** The agent that carries aggregations out on threads. */
export const AGGREGATE_AGENT = 'spillway.aggregate';

/**
 * How a map is folded, if it is: only where a reduction that is associative is all that takes its outputs. Then they need
 * not be kept.
 */
export function foldPlanOf(map: StepDefinition, takers: readonly StepDefinition[]): FoldPlan | undefined {
  const [reduce] = takers;
  if (map.kind !== 'map' || takers.length !== 1 || reduce?.kind !== 'reduce' || reduce.of !== map.name)
    return undefined;
  // These have to see all outputs at once.
  if (map.compensate !== undefined || (map.enough !== undefined && 'quorum' in map.enough)) return undefined;
  const { onFailure } = map;
  if (onFailure === 'interpolate' || (typeof onFailure === 'object' && 'interpolate' in onFailure))
    return undefined;
  if (reduce.work.kind === 'aggregation') {
    return {
      reduce,
      partItems: AGGREGATE_DEFAULTS.partItems,
      fanIn: reduce.fanIn ?? AGGREGATE_DEFAULTS.fanIn,
    };
  }
  if (reduce.fanIn === undefined) return undefined;
  return { reduce, partItems: reduce.fanIn, fanIn: reduce.fanIn };
}

/** The items that a part stands for; `to` is exclusive. */
export function itemsOfPart({ partItems, fanIn }: FoldPlan, level: number, position: number) {
  const width = partItems * fanIn ** level;
  return { from: position * width, to: (position + 1) * width };
}

/** The name under which a part is kept. */
export function partKey(level: number, position: number): string {
  return `${level}:${position}`;
}

/** Puts a part in the place of what it was made of. */
export function takePart(
  plan: FoldPlan,
  { values, parts }: ItemsState,
  { level, position, part }: { readonly level: number; readonly position: number; readonly part: unknown },
): void {
  if (level === 0) {
    const { from, to } = itemsOfPart(plan, 0, position);
    for (let item = from; item < to; item++) values.delete(item);
  } else {
    removeBelow(plan, parts, level, position);
  }
  parts.set(partKey(level, position), { level, position, part });
}

/** A place whose neighbors were all gaps was passed on as it was: its part may stand further below. */
function removeBelow(plan: FoldPlan, parts: ItemsState['parts'], level: number, position: number): void {
  for (let child = position * plan.fanIn; child < (position + 1) * plan.fanIn; child++) {
    if (parts.delete(partKey(level - 1, child)) || level === 1) continue;
    removeBelow(plan, parts, level - 1, child);
  }
}

/** Whether a step needs that agent. */
export function aggregatesOnThreads(step: StepDefinition): boolean {
  if (step.kind === 'reduce') return step.work.kind === 'aggregation' && step.work.on === 'threads';
  return (
    'work' in step &&
    step.work.kind === 'workflow' &&
    typeof step.work.workflow === 'object' &&
    step.work.workflow.steps.some(aggregatesOnThreads)
  );
}
