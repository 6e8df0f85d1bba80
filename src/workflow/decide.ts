import type { StepError } from '../contract/workflow.ts';
import type { EventBody, Spent } from '../contract/workflow-events.ts';
import type { Answer, Dependents } from '../contract/workflow-run.ts';
import { decideControl } from './decide-control.ts';
import { failedForGood } from './failed-for-good.ts';
import type { ItemReport } from './item-reports.ts';
import type { Plan, PlanStep } from './plan.ts';
import { cancelled, isReady } from './react.ts';
import type { RunState, StepState } from './state.ts';

/** What came of the work of a step. */
export type WorkResult =
  | { readonly ok: true; readonly output: unknown; readonly spent: Spent | undefined }
  | { readonly ok: false; readonly error: StepError; readonly spent: Spent | undefined };

export function workResult(
  error: StepError | undefined,
  output: unknown,
  spent: Spent | undefined,
): WorkResult {
  return error === undefined ? { ok: true, output, spent } : { ok: false, error, spent };
}

/** What the world tells a run, or somebody asks of it. */
export type Command =
  // What the runner sees.
  | { readonly type: 'begin'; readonly step: number }
  | { readonly type: 'no-condition'; readonly step: number }
  | { readonly type: 'condition-failed'; readonly step: number; readonly error: StepError }
  | { readonly type: 'done'; readonly step: number; readonly attempt: number; readonly result: WorkResult }
  | {
      readonly type: 'stopped';
      readonly step: number;
      readonly attempt: number;
      readonly dependents: Dependents;
      readonly why: string;
      readonly spent?: Spent | undefined;
    }
  | {
      readonly type: 'items';
      readonly step: number;
      readonly report: ItemReport;
      readonly spent: Spent | undefined;
    }
  | { readonly type: 'counted'; readonly step: number; readonly count: number }
  | {
      readonly type: 'turn';
      readonly step: number;
      readonly output: unknown;
      readonly spent: Spent | undefined;
    }
  | { readonly type: 'timer'; readonly step: number; readonly dueAtMs: number }
  | { readonly type: 'ask'; readonly step: number; readonly ask: string }
  | {
      readonly type: 'part';
      readonly step: number;
      readonly level: number;
      readonly position: number;
      readonly part: unknown;
      readonly spent: Spent | undefined;
    }
  | {
      readonly type: 'undone';
      readonly step: number;
      readonly error: StepError | undefined;
      readonly spent: Spent | undefined;
    }
  /** Nothing is under way. */
  | { readonly type: 'idle' }
  // What somebody asks for.
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  | { readonly type: 'restart'; readonly hash: string }
  | { readonly type: 'stop' }
  | { readonly type: 'cancel' }
  | { readonly type: 'cancel step'; readonly step: number; readonly dependents: Dependents }
  | { readonly type: 'retry'; readonly step: number }
  | { readonly type: 'skip'; readonly step: number; readonly value?: unknown }
  | {
      readonly type: 'answer';
      readonly step: number;
      readonly item: number | undefined;
      readonly answer: Answer;
    }
  | { readonly type: 'signal'; readonly signal: string; readonly value: unknown };

/**
 * What a command makes happen. What comes late, of work that is no longer wanted, makes nothing happen.
 * @throws SpillwayError `WORKFLOW_STATE`, `WORKFLOW_LIMIT` for what somebody asks for and cannot have
 */
export function decide(plan: Plan, state: RunState, command: Command): readonly EventBody[] {
  switch (command.type) {
    case 'begin':
    case 'no-condition':
    case 'condition-failed':
      return decideStart(plan, state, command);
    case 'done':
    case 'stopped':
    case 'items':
    case 'counted':
    case 'turn':
    case 'timer':
    case 'ask':
    case 'part':
      return decideWork(plan, state, command);
    case 'undone': {
      if (state.status !== 'compensating' || state.compensated.has(command.step)) return [];
      const step = plan.steps[command.step]!.definition.name;
      const { error } = command;
      const spent = command.spent && { spent: command.spent };
      return error === undefined
        ? [{ type: 'step-compensated', step, ...spent }]
        : [{ type: 'step-not-compensated', step, error, ...spent }];
    }
    case 'idle':
      return state.status === 'stopping' ? [{ type: 'run-stopped' }] : [];
    default:
      return decideControl(plan, state, command);
  }
}

export type StartCommand = Extract<Command, { readonly type: 'begin' | 'no-condition' | 'condition-failed' }>;

function decideStart(plan: Plan, state: RunState, command: StartCommand): readonly EventBody[] {
  const { step: index } = command;
  if (state.status !== 'running' || state.failing !== undefined || !isReady(state, index)) return [];
  const step = plan.steps[index]!.definition.name;
  const begin: EventBody = { type: 'step-started', step, attempt: state.steps[index]!.attempt + 1 };
  switch (command.type) {
    case 'begin':
      return [begin];
    case 'condition-failed':
      return [
        begin,
        ...decideEnd(
          plan.steps[index]!,
          state,
          { attempt: state.steps[index]!.attempt + 1, work: undefined },
          { ok: false, error: command.error, spent: undefined },
        ),
      ];
    case 'no-condition': {
      const error: StepError = {
        step,
        code: 'STEP_SKIPPED',
        message: `step "${step}" was skipped: its condition did not hold`,
        suggestion: 'nothing, if that is what `when` is for',
        retryable: false,
      };
      return [{ type: 'step-skipped', step, cause: 'condition', error }];
    }
  }
}

export type WorkCommand = Extract<
  Command,
  { readonly type: 'done' | 'stopped' | 'items' | 'counted' | 'turn' | 'timer' | 'ask' | 'part' }
>;

function decideWork(plan: Plan, state: RunState, command: WorkCommand): readonly EventBody[] {
  const now = state.steps[command.step]!;
  if (now.status !== 'running') return [];
  const { definition } = plan.steps[command.step]!;
  const step = definition.name;
  switch (command.type) {
    case 'done':
      if (command.attempt !== now.attempt) return [];
      return decideEnd(plan.steps[command.step]!, state, now, command.result);
    case 'stopped': {
      if (command.attempt !== now.attempt) return [];
      const error = cancelled(step, command.why);
      const spent = command.spent && { spent: command.spent };
      if (command.dependents === 'reassign') {
        return [{ type: 'step-skipped', step, cause: 'user', error, ...spent }];
      }
      const cause = state.failing === 'failure' ? 'failure' : 'user';
      return [{ type: 'step-cancelled', step, cause, error, ...spent }];
    }
    case 'items': {
      const { report, spent } = command;
      const { failures } = report;
      const parks = definition.onFailure === 'escalate' && failures.length > 0;
      const ended: EventBody = {
        type: 'items-ended',
        step,
        ...report,
        failures: parks ? [] : failures,
        ...(spent && { spent }),
      };
      if (!parks) return [ended];
      const parked = failures.map(
        (error): EventBody => ({ type: 'item-parked', step, item: error.item!, error }),
      );
      return [...parked, ended];
    }
    case 'counted':
      return [{ type: 'items-counted', step, count: command.count }];
    case 'turn':
      return [
        { type: 'turn-ended', step, output: command.output, ...(command.spent && { spent: command.spent }) },
      ];
    case 'timer':
      return [{ type: 'timer-set', step, dueAtMs: command.dueAtMs }];
    case 'ask':
      // While all comes to an end nobody is asked.
      return state.failing === undefined ? [{ type: 'step-parked', step, ask: command.ask }] : [];
    case 'part': {
      const { level, position, part, spent } = command;
      return [{ type: 'part-reduced', step, level, position, part, ...(spent && { spent }) }];
    }
  }
}

function decideEnd(
  { definition }: PlanStep,
  state: RunState,
  { attempt, work }: Pick<Extract<StepState, { status: 'running' }>, 'attempt' | 'work'>,
  result: WorkResult,
): readonly EventBody[] {
  const step = definition.name;
  const spent = result.spent && { spent: result.spent };
  if (result.ok) {
    const signal = definition.kind === 'wait' && definition.on.kind === 'signal' && definition.on.signal;
    if (signal === false) return [{ type: 'step-succeeded', step, output: result.output, ...spent }];
    // Another one may have taken it.
    const queue = state.signals.get(signal);
    return queue === undefined ? [] : [{ type: 'step-succeeded', step, output: queue[0] }];
  }
  const { error } = result;
  // While all comes to an end nobody is asked, and nothing is tried again.
  if (state.failing === undefined) {
    const { onFailure, retry } = definition;
    // A map of which something has ended is not done all over again.
    const mayRetry = work?.kind !== 'items' || work.ended.size + work.parked.size === 0;
    if (mayRetry && attempt < retry.attempts && error.retryable) {
      return [{ type: 'step-retried', step, error, ...spent }];
    }
    if (onFailure === 'escalate') return [{ type: 'step-parked', step, error, ...spent }];
    return [failedForGood(definition, error, spent)];
  }
  return [{ type: 'step-failed', step, error, ...spent }];
}
