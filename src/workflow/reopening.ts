import type { Plan, PlanStep } from './plan.ts';
import { hasEnded, moveStep, type RunState, type StepState } from './state.ts';

/**
 * The step, and what came after it, as if it had not run; what another step holds back stays where it is. Where the run
 * had come to its end because of a failure, so does what was cancelled for that.
 */
export function reopen(plan: Plan, state: RunState, index: number): void {
  const again = reopenedBy(plan, state, index);
  for (const step of again) {
    const before = state.steps[step]!;
    if (before.status === 'succeeded') state.succeeded--;
    if ('cause' in before && before.cause === 'failure' && before.status !== 'cancelled') state.failed--;
    const hasFailed = before.status === 'failed' || before.status === 'parked';
    moveStep(
      state,
      step,
      step === index
        ? {
            status: 'waiting',
            waitsFor: 0,
            attempt: before.attempt,
            lastError: hasFailed ? before.error : undefined,
          }
        : { status: 'waiting', waitsFor: 0, attempt: 0, lastError: undefined },
    );
  }
  const names = new Set([...again].map((step) => plan.steps[step]!.definition.name));
  // Of steps in nested workflows the path begins with the name.
  const kept = state.errors.filter(({ step }) => !names.has(step.split('/', 1)[0]!));
  state.errors.splice(0, state.errors.length, ...kept);
  // Those that had been told of its end wait for it again.
  for (const step of plan.steps) {
    const now = state.steps[step.index]!;
    if (now.status !== 'waiting') continue;
    now.waitsFor = step.needs.reduce((sum, need) => sum + (hasEnded(state.steps[need]!.status) ? 0 : 1), 0);
  }
  state.failing = undefined;
  if (state.status === 'ended') {
    state.status = 'running';
    state.result = undefined;
  }
}

/** Which steps run again if this one does. */
export function reopenedBy(plan: Plan, state: RunState, index: number): ReadonlySet<number> {
  const again = new Set([index]);
  // Nobody has had anything of one that was parked: what comes after it and has ended did so because somebody said so.
  if (!hasEnded(state.steps[index]!.status)) return again;
  // Each step after all that it needs.
  for (const step of plan.order) {
    const now = state.steps[step]!;
    if (again.has(step) || !(hasEnded(now.status) || now.status === 'parked')) continue;
    if (isDecided(state, now)) continue;
    const { needs } = plan.steps[step]!;
    const wasStopped = state.failing === 'failure' && now.status === 'cancelled' && now.cause === 'failure';
    if (!wasStopped && !needs.some((need) => again.has(need))) continue;
    if (needs.some((need) => !again.has(need) && holdsBack(state.steps[need]!))) continue;
    again.add(step);
  }
  return again;
}

/** Whether a person has skipped or cancelled the step: that stays, whatever is done before it. */
function isDecided({ failing }: RunState, step: StepState): boolean {
  if (step.status === 'cancelled') return step.cause === 'user' && failing !== 'cancelled';
  return step.status === 'skipped' && step.cause === 'user';
}

/** Whether what needs the step is not run for it. */
export function holdsBack(step: StepState): boolean {
  if (step.status === 'failed' || step.status === 'cancelled') return true;
  return step.status === 'skipped' && step.cause === 'dependency';
}

/**
 * What was under way when the run stopped has to be started again; what a map, a loop or a nested run had got is kept. A
 * pause is somebody's wish, and outlives a restart.
 */
export function restart(plan: Plan, state: RunState, hash: string): void {
  state.hash = hash;
  if (state.status === 'stopping' || state.status === 'stopped') state.status = 'running';
  for (const [index, step] of state.steps.entries()) {
    if (step.status !== 'running' || step.work !== undefined || isNested(plan, index)) continue;
    const { attempt, lastError } = step;
    moveStep(state, index, { status: 'waiting', waitsFor: 0, attempt, lastError });
  }
}

/** Its work is a run of its own, which goes on where it was. */
export function isNested(plan: Plan, index: number): boolean {
  const step = plan.steps[index]!;
  return step.definition.kind === 'task' && worksByRuns(step);
}

/** What it does, or each of its items or turns does, is a run of its own. */
export function worksByRuns({ definition }: PlanStep): boolean {
  return 'work' in definition && definition.work.kind === 'workflow';
}
