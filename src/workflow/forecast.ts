import type { Completion } from '../contract/workflow-status.ts';
import { likenessOf } from './doer.ts';
import type { Plan, PlanStep } from './plan.ts';
import type { RunTally } from './run-tally.ts';
import { hasEnded, type RunState } from './state.ts';

/** How long a step takes if nothing at all is known, in milliseconds. */
const UNKNOWN_MS = 1;
/** Of a task that is expected to have ended by now, so much is left of its expected time. */
const OVERDUE_LEFT = 0.05;
/** Half a width of the interval, in standard deviations: nine of ten lie inside. */
const INTERVAL_SDS = 1.645;

/** What is expected of a run from now on, by the durations that were measured. Worked out in O(steps). */
export interface Forecast {
  /** Of each step as a whole, in milliseconds. */
  readonly expectedMs: Float64Array;
  /** How much of each is done, 0 to 1. */
  readonly fractions: Float64Array;
  /** From now to the end of the longest way through each step, in milliseconds. */
  readonly behindMs: Float64Array;
  /** Steps that have not ended on the longest way to the end. */
  readonly criticalPath: readonly number[];
  /** How long a step takes of which nothing is known. */
  readonly typicalMs: number;
  /** `undefined` while too little is known. */
  readonly completion: Completion | undefined;
}

interface StepOutlook {
  readonly fraction: number;
  readonly leftMs: number;
  readonly expectedMs: number;
  /** Whether `leftMs` is more than a guess. */
  readonly isKnown: boolean;
}

export function forecast(plan: Plan, state: RunState, tally: RunTally, nowMs: number): Forecast {
  const { length } = plan.steps;
  const known = plan.steps.map((step) => knownMs(step, tally));
  const measured = known.filter((ms) => ms !== undefined);
  const typicalMs =
    measured.length === 0 ? UNKNOWN_MS : measured.reduce((sum, ms) => sum + ms, 0) / measured.length;
  const expectedMs = new Float64Array(length);
  const fractions = new Float64Array(length);
  const leftMs = new Float64Array(length);
  const isKnown: boolean[] = [];
  for (const step of plan.steps) {
    const outlook = outlookOf(step, state, tally, nowMs, known[step.index], typicalMs);
    expectedMs[step.index] = outlook.expectedMs;
    fractions[step.index] = outlook.fraction;
    leftMs[step.index] = outlook.leftMs;
    isKnown.push(outlook.isKnown);
  }
  const behindMs = longestBehind(plan, leftMs);
  const criticalPath = pathOf(plan, state, behindMs);
  const completion =
    state.status === 'running' && state.failing === undefined
      ? completionOf({ plan, state, tally, nowMs, leftMs, isKnown, behindMs, criticalPath })
      : undefined;
  return { expectedMs, fractions, behindMs, criticalPath, typicalMs, completion };
}

/** What is known of a step before it starts. */
function knownMs({ definition }: PlanStep, { durations }: RunTally): number | undefined {
  const measuredMs = durations.of(likenessOf(definition))?.meanMs;
  if (definition.kind === 'wait' && definition.on.kind === 'timer' && typeof definition.on.ms === 'number') {
    return definition.on.ms;
  }
  return definition.expectedMs ?? measuredMs;
}

function outlookOf(
  { index, definition }: PlanStep,
  state: RunState,
  tally: RunTally,
  nowMs: number,
  known: number | undefined,
  typicalMs: number,
): StepOutlook {
  const now = state.steps[index]!;
  const expectedMs = known ?? typicalMs;
  if (now.status === 'succeeded') {
    return { fraction: 1, leftMs: 0, expectedMs: now.endedAtMs - now.startedAtMs, isKnown: true };
  }
  if (hasEnded(now.status)) return { fraction: 1, leftMs: 0, expectedMs, isKnown: true };
  // A person, or a signal, may take any time.
  const isOpen = now.status === 'parked' || (definition.kind === 'wait' && definition.on.kind !== 'timer');
  if (isOpen || now.status !== 'running') {
    return { fraction: 0, leftMs: expectedMs, expectedMs, isKnown: !isOpen && known !== undefined };
  }
  const elapsedMs = Math.max(0, nowMs - now.startedAtMs);
  const byTime: StepOutlook = {
    // Of unknown work half is taken to be done after a typical time, three quarters after three times that, and so on.
    fraction:
      known !== undefined
        ? Math.min(1 - OVERDUE_LEFT, elapsedMs / Math.max(known, UNKNOWN_MS))
        : tally.ended > 0
          ? elapsedMs / (elapsedMs + Math.max(typicalMs, UNKNOWN_MS))
          : 0,
    leftMs: Math.max(expectedMs - elapsedMs, OVERDUE_LEFT * expectedMs),
    expectedMs,
    isKnown: known !== undefined,
  };
  switch (now.work?.kind) {
    case 'items': {
      const ended = now.work.ended.size;
      const { count, parked } = now.work;
      if (count === undefined) return { ...byTime, fraction: ended / (2 * ended + 10), isKnown: false };
      if (ended === 0) return { ...byTime, isKnown: byTime.isKnown && parked.size === 0 };
      const recent = tally.maps.get(index)?.rate.perSecond(nowMs, now.startedAtMs) ?? 0;
      const perMs = recent > 0 ? recent / 1_000 : ended / Math.max(elapsedMs, UNKNOWN_MS);
      const mapLeftMs = (count - ended) / perMs;
      const fraction = count === 0 ? 1 : ended / count;
      return { fraction, leftMs: mapLeftMs, expectedMs: elapsedMs + mapLeftMs, isKnown: parked.size === 0 };
    }
    case 'timer': {
      const { dueAtMs } = now.work;
      if (dueAtMs === undefined) return byTime;
      const wholeMs = Math.max(dueAtMs - now.startedAtMs, UNKNOWN_MS);
      const leftMs = Math.max(0, dueAtMs - nowMs);
      return { fraction: 1 - Math.min(1, leftMs / wholeMs), leftMs, expectedMs: wholeMs, isKnown: true };
    }
    default:
      return byTime;
  }
}

function longestBehind({ steps, order }: Plan, leftMs: Float64Array): Float64Array {
  const behindMs = new Float64Array(steps.length);
  for (let at = order.length - 1; at >= 0; at--) {
    const index = order[at]!;
    let longest = 0;
    for (const next of steps[index]!.neededBy) longest = Math.max(longest, behindMs[next]!);
    behindMs[index] = longest + leftMs[index]!;
  }
  return behindMs;
}

function pathOf({ steps }: Plan, state: RunState, behindMs: Float64Array): readonly number[] {
  const longest = (among: readonly number[]): number | undefined =>
    among.reduce<number | undefined>(
      (best, step) => (best === undefined || behindMs[step]! > behindMs[best]! ? step : best),
      undefined,
    );
  const isOpen = (step: number): boolean => !hasEnded(state.steps[step]!.status);
  const fronts = steps.filter(({ index, needs }) => isOpen(index) && !needs.some(isOpen));
  const path: number[] = [];
  let at = longest(fronts.map(({ index }) => index));
  while (at !== undefined) {
    path.push(at);
    at = longest(steps[at]!.neededBy.filter(isOpen));
  }
  return path;
}

/** Too little is known while less than half of what is left was ever measured, or somebody has to say something. */
function completionOf(of: {
  readonly plan: Plan;
  readonly state: RunState;
  readonly tally: RunTally;
  readonly nowMs: number;
  readonly leftMs: Float64Array;
  readonly isKnown: readonly boolean[];
  readonly behindMs: Float64Array;
  readonly criticalPath: readonly number[];
}): Completion | undefined {
  const { plan, state, tally, nowMs, leftMs, isKnown, behindMs, criticalPath } = of;
  const [first] = criticalPath;
  if (tally.ended === 0 || first === undefined) return undefined;
  let allMs = 0;
  let knownLeftMs = 0;
  for (const { index } of plan.steps) {
    const { status } = state.steps[index]!;
    if (!isKnown[index] && (status === 'running' || status === 'parked')) return undefined;
    allMs += leftMs[index]!;
    if (isKnown[index]) knownLeftMs += leftMs[index]!;
  }
  if (knownLeftMs < allMs / 2) return undefined;
  const sideBySide = Math.max(1, (tally.workMs + runningMs(of)) / Math.max(tally.busyMs(nowMs), UNKNOWN_MS));
  const restMs = Math.max(behindMs[first]!, allMs / sideBySide);
  let varianceMs2 = restMs ** 2 / (tally.ended + 1);
  for (const index of criticalPath) {
    const measured = tally.durations.of(likenessOf(plan.steps[index]!.definition));
    varianceMs2 += isKnown[index] ? (measured?.varianceMs2 ?? 0) : leftMs[index]! ** 2;
  }
  const eitherMs = INTERVAL_SDS * Math.sqrt(varianceMs2);
  return {
    atMs: nowMs + restMs,
    lowMs: nowMs + Math.max(0, restMs - eitherMs),
    highMs: nowMs + restMs + eitherMs,
  };
}

/** How long those that run have been at it, added up. */
function runningMs({ plan, state, nowMs }: { plan: Plan; state: RunState; nowMs: number }): number {
  let sum = 0;
  for (const { index } of plan.steps) {
    const step = state.steps[index]!;
    if (step.status === 'running') sum += Math.max(0, nowMs - step.startedAtMs);
  }
  return sum;
}
