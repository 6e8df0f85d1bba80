import type { Plan } from './plan.ts';
import { hasEnded, moveStep, type RunState } from './state.ts';

/** The step, and all that come after it, as if they had not run. */
export function reopen(plan: Plan, state: RunState, index: number): void {
  const again = [index];
  const seen = new Set(again);
  for (let at = 0; at < again.length; at++) {
    for (const next of plan.steps[again[at]!]!.neededBy) {
      if (!seen.has(next) && hasEnded(state.steps[next]!.status)) {
        seen.add(next);
        again.push(next);
      }
    }
  }
  for (const step of again) {
    const before = state.steps[step]!;
    if (before.status === 'succeeded') state.succeeded--;
    if ('cause' in before && before.cause === 'failure' && before.status !== 'cancelled') state.failed--;
    moveStep(state, step, { status: 'waiting', waitsFor: 0, attempt: step === index ? before.attempt : 0 });
  }
  const names = new Set(again.map((step) => plan.steps[step]!.definition.name));
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

/** What was under way when the run stopped has to be started again; what a map or a loop had got is kept. */
export function restart(state: RunState, hash: string): void {
  state.hash = hash;
  if (state.status !== 'compensating') state.status = 'running';
  for (const [index, step] of state.steps.entries()) {
    if (step.status !== 'running' || step.work !== undefined) continue;
    moveStep(state, index, { status: 'waiting', waitsFor: 0, attempt: step.attempt - 1 });
  }
}
