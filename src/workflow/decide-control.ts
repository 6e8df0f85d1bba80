import { SpillwayError } from '../contract/errors.ts';
import { describe } from '../contract/option-issue.ts';
import type { StepError } from '../contract/workflow.ts';
import { type MapStep, WORKFLOW_DEFAULTS } from '../contract/workflow-definition.ts';
import type { EventBody } from '../contract/workflow-events.ts';
import type { Answer, Dependents } from '../contract/workflow-run.ts';
import { illegal, mayControl } from './control.ts';
import type { Command, StartCommand, WorkCommand } from './decide.ts';
import { failedForGood } from './failed-for-good.ts';
import { type ItemReport, reportOfValue } from './item-reports.ts';
import type { Plan, PlanStep } from './plan.ts';
import { cancelled } from './react.ts';
import { holdsBack, isNested, reopenedBy } from './reopening.ts';
import { hasEnded, type RunState } from './state.ts';

type ControlCommand = Exclude<Command, StartCommand | WorkCommand | { readonly type: 'undone' | 'idle' }>;

/** What somebody asks of a run. */
export function decideControl(plan: Plan, state: RunState, command: ControlCommand): readonly EventBody[] {
  const { status, run } = state;
  switch (command.type) {
    case 'pause':
      return mayControl('pause', status, run) ? [{ type: 'run-paused' }] : [];
    case 'resume':
      if (!mayControl('resume', status, run)) return [];
      return status === 'stopped' ? [{ type: 'run-restarted', hash: state.hash }] : [{ type: 'run-resumed' }];
    case 'restart':
      return status === 'ended' ? [] : [{ type: 'run-restarted', hash: command.hash }, ...lost(plan, state)];
    case 'stop':
      return mayControl('stop', status, run) ? [{ type: 'run-stopping' }] : [];
    case 'cancel':
      if (!mayControl('cancel', status, run) || state.failing !== undefined) return [];
      return [{ type: 'run-failing', cause: 'cancelled' }];
    case 'cancel step':
      return cancelStep(plan, state, command.step, command.dependents);
    case 'retry':
      return retryStep(plan, state, command.step);
    case 'skip':
      return skipStep(plan, state, command);
    case 'answer':
      return decideAnswer(plan, state, command);
    case 'signal':
      return decideSignal(plan, state, command.signal, command.value);
  }
}

/** What was under way while the run came to its end: nobody knows whether it was done. */
function lost(plan: Plan, state: RunState): readonly EventBody[] {
  if (state.failing === undefined) return [];
  return plan.steps.flatMap(({ index, definition }): readonly EventBody[] => {
    const now = state.steps[index]!;
    // A nested run knows what it has done, and comes to its own end.
    if (now.status !== 'running' || now.work !== undefined || isNested(plan, index)) return [];
    const { name: step, compensate } = definition;
    const error = cancelled(step, 'it was under way when the engine ended');
    const cause = state.failing === 'failure' ? 'failure' : 'user';
    const stopped: EventBody = { type: 'step-cancelled', step, cause, error };
    if (compensate === undefined) return [stopped];
    const unknown: StepError = {
      ...error,
      code: 'NOT_COMPENSATED',
      message: `step "${step}" was under way when the engine ended: whether it was done is not known`,
      suggestion: 'see whether it was done, and undo it by hand',
      retryable: false,
    };
    return [stopped, { type: 'step-not-compensated', step, error: unknown }];
  });
}

function cancelStep(
  plan: Plan,
  state: RunState,
  index: number,
  dependents: Dependents,
): readonly EventBody[] {
  if (!mayControl('cancel steps', state.status, state.run)) return [];
  const now = state.steps[index]!;
  // What runs is stopped by the runner, and says itself what became of it.
  if (hasEnded(now.status) || now.status === 'running') return [];
  const step = plan.steps[index]!.definition.name;
  const error = cancelled(step, 'somebody asked for it');
  return [
    dependents === 'reassign'
      ? { type: 'step-skipped', step, cause: 'user', error }
      : { type: 'step-cancelled', step, cause: 'user', error },
  ];
}

function retryStep(plan: Plan, state: RunState, index: number): readonly EventBody[] {
  if (!mayControl('retry', state.status, state.run)) return [];
  const now = state.steps[index]!;
  const step = plan.steps[index]!.definition.name;
  if (now.status === 'waiting' || now.status === 'running') return [];
  if (now.status === 'succeeded') {
    throw illegal(`step "${step}" of run "${state.run}" has succeeded; fork the run to do it again`);
  }
  if (state.compensated.size > 0) {
    throw illegal(`run "${state.run}" has undone steps; start a new run`);
  }
  refuseWhileFailing(state, 'retry');
  const again = reopenedBy(plan, state, index);
  const need = plan.steps[index]!.needs.find((one) => !again.has(one) && holdsBack(state.steps[one]!));
  if (need !== undefined) {
    const { name } = plan.steps[need]!.definition;
    throw illegal(
      `step "${step}" of run "${state.run}" needs "${name}", which has not succeeded; retry "${name}"`,
    );
  }
  const gone = plan.steps[index]!.needs.find((one) => !again.has(one) && isFoldedAway(plan, state, one));
  if (gone !== undefined) {
    const { name } = plan.steps[gone]!.definition;
    throw illegal(
      `step "${step}" of run "${state.run}" needs the outputs of "${name}", which a fork does not take over once they were folded; fork run "${state.forkOf}" from "${name}"`,
    );
  }
  const isLater = (one: PlanStep): boolean =>
    state.steps[one.index]!.status === 'running' && one.needs.some((need) => again.has(need));
  const later = plan.steps.find(isLater)?.definition.name;
  if (later !== undefined) {
    throw illegal(
      `step "${later}" of run "${state.run}" runs on what "${step}" gave; wait for its end, or cancel it`,
    );
  }
  return [{ type: 'step-reopened', step, cause: 'user' }];
}

/** Whether it is a map that a fork has taken over without its outputs. */
function isFoldedAway(plan: Plan, { steps }: RunState, index: number): boolean {
  const step = steps[index]!;
  return plan.folds.has(index) && step.status === 'succeeded' && step.output === undefined;
}

/** What has to stop may not be told to go on. */
function refuseWhileFailing({ failing, status, run }: RunState, control: string): void {
  if (failing === undefined || status === 'ended') return;
  const why = failing === 'failure' ? 'a step has failed' : 'it was cancelled';
  throw illegal(`run "${run}" ends because ${why}: ${control} is possible once it has ended`);
}

function skipStep(
  plan: Plan,
  state: RunState,
  command: Extract<Command, { readonly type: 'skip' }>,
): readonly EventBody[] {
  if (!mayControl('skip', state.status, state.run)) return [];
  refuseWhileFailing(state, 'skip');
  const { step: index } = command;
  const now = state.steps[index]!;
  const step = plan.steps[index]!.definition.name;
  if (now.status === 'skipped') return [];
  if (now.status === 'succeeded' || now.status === 'cancelled') {
    throw illegal(`step "${step}" of run "${state.run}" is ${now.status}: there is nothing to skip`);
  }
  const error: StepError = {
    step,
    code: 'STEP_SKIPPED',
    message: `step "${step}" was skipped by a person`,
    suggestion: 'nothing',
    retryable: false,
  };
  const skipped: EventBody = {
    type: 'step-skipped',
    step,
    cause: 'user',
    error,
    ...('value' in command && { value: command.value }),
  };
  if (now.status !== 'failed') return [skipped];
  const again = plan.steps[index]!.neededBy.filter((next) => isHeldBackOnlyBy(plan, state, next, index));
  return [
    skipped,
    ...again.map(
      (next): EventBody => ({
        type: 'step-reopened',
        step: plan.steps[next]!.definition.name,
        cause: 'dependency',
      }),
    ),
  ];
}

function isHeldBackOnlyBy(plan: Plan, state: RunState, index: number, by: number): boolean {
  const step = state.steps[index]!;
  if (step.status !== 'skipped' || step.cause !== 'dependency') return false;
  return plan.steps[index]!.needs.every((need) => need === by || !holdsBack(state.steps[need]!));
}

function decideAnswer(
  plan: Plan,
  state: RunState,
  { step: index, item, answer }: Extract<Command, { readonly type: 'answer' }>,
): readonly EventBody[] {
  if (!mayControl('answer', state.status, state.run)) return [];
  const now = state.steps[index]!;
  const step = plan.steps[index]!.definition.name;
  checkAnswer(answer);
  if (item !== undefined) {
    const parked = now.status === 'running' && now.work?.kind === 'items' && now.work.parked.has(item);
    if (!parked) throw illegal(`item ${item} of step "${step}" is not parked: there is nothing to answer`);
    if ('retry' in answer) return [{ type: 'item-answered', step, item, again: true }];
    const report: ItemReport =
      'value' in answer
        ? reportOfValue(plan.steps[index]!.definition as MapStep, item, answer.value)
        : { items: [], values: [], failures: [{ ...refused(step, answer.refuse), item }] };
    return [
      { type: 'item-answered', step, item, again: false },
      { type: 'items-ended', step, ...report },
    ];
  }
  if (now.status !== 'parked')
    throw illegal(`step "${step}" is ${now.status}, not parked: there is nothing to answer`);
  if ('retry' in answer) return [{ type: 'step-reopened', step, cause: 'user' }];
  if ('value' in answer) return [{ type: 'step-succeeded', step, output: answer.value }];
  return [failedForGood(plan.steps[index]!.definition, refused(step, answer.refuse))];
}

function checkAnswer(answer: Answer): void {
  const { retry, refuse } = (answer ?? {}) as { readonly retry?: unknown; readonly refuse?: unknown };
  const keys = typeof answer === 'object' && answer !== null ? Object.keys(answer) : [];
  if (keys.length === 1 && ('value' in answer || retry === true || typeof refuse === 'string')) return;
  throw illegal(`answer: expected { value }, { retry: true } or { refuse: 'why' }, got ${describe(answer)}`);
}

function refused(step: string, why: string): StepError {
  return {
    step,
    code: 'STEP_REFUSED',
    message: `step "${step}" was refused: ${why}`,
    suggestion: 'mend what the refusal names, then retry the step',
    retryable: false,
  };
}

function decideSignal(plan: Plan, state: RunState, signal: string, value: unknown): readonly EventBody[] {
  if (!mayControl('signal', state.status, state.run)) return [];
  const known = plan.steps.flatMap(({ definition }) =>
    definition.kind === 'wait' && definition.on.kind === 'signal' ? [definition.on.signal] : [],
  );
  if (!known.includes(signal)) {
    const names = known.length === 0 ? 'none' : known.map((name) => `"${name}"`).join(', ');
    throw illegal(
      `no step of workflow "${state.workflow}" waits for the signal "${signal}"; it waits for ${names}`,
    );
  }
  let queued = 0;
  for (const values of state.signals.values()) queued += values.length;
  if (queued >= WORKFLOW_DEFAULTS.signals) {
    const message = `run "${state.run}" holds ${queued} signals that nobody has taken, which is the most; take some first`;
    throw new SpillwayError('WORKFLOW_LIMIT', message);
  }
  return [{ type: 'signal-received', signal, value }];
}
