import { hasEnded, type SeenStep } from './seen-step.ts';

/** Whether there is something of it to undo: its output, or what a map had got before it ended otherwise. */
export function isCompensable(step: SeenStep): boolean {
  const { definition, status, values } = step;
  if (definition.compensate === undefined) return false;
  return status === 'succeeded' || (definition.kind === 'map' && hasEnded(step) && values.size > 0);
}

/** All that come after a step, by whatever way. */
export function allAfter(step: SeenStep, all: readonly SeenStep[]): ReadonlySet<SeenStep> {
  const later = new Set([step]);
  for (const one of later) {
    for (const next of all) if (next.needs.includes(one.definition.name)) later.add(next);
  }
  later.delete(step);
  return later;
}

/**
 * Which steps run again if this one does: those behind it that nothing else is in the way of, and what was cancelled
 * because of a failure. `all`: each after all that it needs.
 */
export function againWith(
  step: SeenStep,
  all: readonly SeenStep[],
  failing: 'failure' | 'cancelled' | undefined,
): ReadonlySet<SeenStep> {
  const again = new Set([step]);
  const byName = new Map(all.map((one) => [one.definition.name, one]));
  const isBehind = step.status !== 'parked';
  for (const one of all) {
    if (again.has(one) || one.status === 'waiting' || one.status === 'running') continue;
    const needs = one.needs.map((need) => byName.get(need)!);
    // What a person has decided stays; where the run was cancelled nobody has meant this step.
    if (one.cause === 'user' && !(failing === 'cancelled' && one.status === 'cancelled')) continue;
    const wasStopped = failing === 'failure' && one.status === 'cancelled' && one.cause === 'failure';
    if (!wasStopped && !(isBehind && needs.some((need) => again.has(need)))) continue;
    if (needs.some((need) => !again.has(need) && need.isInTheWay)) continue;
    again.add(one);
  }
  return again;
}
