import type { RunSnapshot, StepSnapshot, WorkSnapshot } from '../contract/workflow-snapshot.ts';
import { stepHashesOf } from './definition-difference.ts';
import { partKey } from './fold-plan.ts';
import { IndexSet } from './index-set.ts';
import { ItemValues } from './item-values.ts';
import { fromPlain, toPlain } from './plain-value.ts';
import type { Plan } from './plan.ts';
import { hasEnded, isItemsState, type RunState, type StepState, type WorkState } from './state.ts';

/** The state of a run as plain data. @throws NotPlainError for outputs that cannot be kept */
export function toSnapshot(plan: Plan, state: RunState): RunSnapshot {
  const nameOf = (index: number): string => plan.steps[index]!.definition.name;
  const steps = state.steps.flatMap((step, index): [string, StepSnapshot][] =>
    step.status === 'waiting' && step.attempt === 0
      ? []
      : [[nameOf(index), stepToPlain(step, nameOf(index))]],
  );
  return {
    v: 1,
    run: state.run,
    workflow: state.workflow,
    hash: state.hash,
    definition: stepHashesOf(plan.workflow),
    ...(state.forkOf !== undefined && { forkOf: state.forkOf }),
    ...(state.forkFrom !== undefined && { forkFrom: state.forkFrom }),
    input: toPlain(state.input, 'the input'),
    version: state.version,
    status: state.status,
    ...(state.failing !== undefined && { failing: state.failing }),
    ...(state.result !== undefined && { result: state.result }),
    steps: Object.fromEntries(steps),
    signals: [...state.signals].map(([name, values]) => [
      name,
      values.map((value) => toPlain(value, `the signal "${name}"`)),
    ]),
    errors: [...state.errors],
    needsAttention: [...state.needsAttention],
    compensated: [...state.compensated].map(nameOf),
    agents: [...state.agents],
    tasks: state.tasks,
    succeeded: state.succeeded,
    failed: state.failed,
    retries: state.retries,
    cost: { ...state.cost },
    startedAtMs: state.startedAtMs,
    lastAtMs: state.lastAtMs,
  };
}

/** The state again; steps that the plan does not have are left out. */
export function fromSnapshot(plan: Plan, of: RunSnapshot): RunState {
  const steps = plan.steps.map(({ definition: { name } }): StepState => {
    const step = of.steps[name];
    return step === undefined
      ? { status: 'waiting', waitsFor: 0, attempt: 0, lastError: undefined }
      : stepFromPlain(step);
  });
  for (const { index, needs } of plan.steps) {
    const step = steps[index]!;
    if (step.status !== 'waiting') continue;
    step.waitsFor = needs.reduce((sum, need) => sum + (hasEnded(steps[need]!.status) ? 0 : 1), 0);
  }
  return {
    run: of.run,
    workflow: of.workflow,
    hash: of.hash,
    forkOf: of.forkOf,
    forkFrom: of.forkFrom,
    input: fromPlain(of.input),
    version: of.version,
    status: of.status,
    failing: of.failing,
    steps,
    open: steps.filter(({ status }) => !hasEnded(status)).length,
    signals: new Map(of.signals.map(([name, values]) => [name, values.map(fromPlain)])),
    errors: [...of.errors],
    needsAttention: [...of.needsAttention],
    compensated: new Set(of.compensated.flatMap((name) => plan.indexOf.get(name) ?? [])),
    agents: new Set(of.agents),
    tasks: of.tasks,
    succeeded: of.succeeded,
    failed: of.failed,
    retries: of.retries,
    cost: { ...of.cost },
    startedAtMs: of.startedAtMs,
    lastAtMs: of.lastAtMs,
    result: of.result,
  };
}

function stepToPlain(step: StepState, name: string): StepSnapshot {
  const { status, attempt } = step;
  const at = (what: string): string => `${what} of step "${name}"`;
  switch (step.status) {
    case 'waiting':
      return {
        status,
        attempt,
        ...(step.lastError && { error: step.lastError }),
        ...(step.failedAtMs !== undefined && { failedAtMs: step.failedAtMs }),
      };
    case 'running': {
      const work = step.work && workToPlain(step.work, at('a value'));
      const { startedAtMs, lastError } = step;
      return { status, attempt, startedAtMs, ...(work && { work }), ...(lastError && { error: lastError }) };
    }
    case 'parked': {
      const { startedAtMs, error, ask, partial } = step;
      return {
        status,
        attempt,
        startedAtMs,
        ...(error && { error }),
        ...(ask !== undefined && { ask }),
        ...(partial && { partial: toPlain(partial, at('the output')) as readonly unknown[] }),
      };
    }
    case 'succeeded': {
      const { startedAtMs, endedAtMs } = step;
      if (isItemsState(step.output)) {
        const work = workToPlain(step.output, at('a value'));
        return { status, attempt, work, startedAtMs, endedAtMs };
      }
      return { status, attempt, output: toPlain(step.output, at('the output')), startedAtMs, endedAtMs };
    }
    default: {
      const { error, endedAtMs, cause, partial } = step;
      return {
        status,
        attempt,
        error,
        endedAtMs,
        ...(cause && { cause }),
        ...(step.hasValue && { value: toPlain(step.value, at('the value')) }),
        ...(partial && { partial: toPlain(partial, at('the output')) as readonly unknown[] }),
      };
    }
  }
}

function stepFromPlain(step: StepSnapshot): StepState {
  const { status, attempt, startedAtMs = 0, endedAtMs = 0 } = step;
  switch (status) {
    case 'waiting':
      return {
        status,
        attempt,
        waitsFor: 0,
        lastError: step.error,
        ...(step.failedAtMs !== undefined && { failedAtMs: step.failedAtMs }),
      };
    case 'running':
      return {
        status,
        attempt,
        startedAtMs,
        work: step.work && workFromPlain(step.work),
        lastError: step.error,
      };
    case 'parked': {
      const partial = fromPlain(step.partial) as readonly unknown[] | undefined;
      return { status, attempt, startedAtMs, error: step.error, ask: step.ask, ...(partial && { partial }) };
    }
    case 'succeeded':
      return {
        status,
        attempt,
        output: step.work === undefined ? fromPlain(step.output) : workFromPlain(step.work),
        startedAtMs,
        endedAtMs,
      };
    default:
      return {
        status,
        attempt,
        error: step.error!,
        cause: step.cause ?? 'failure',
        value: fromPlain(step.value),
        hasValue: 'value' in step,
        partial: fromPlain(step.partial) as readonly unknown[] | undefined,
        endedAtMs,
      };
  }
}

function workToPlain(work: NonNullable<WorkState>, path: string): WorkSnapshot {
  switch (work.kind) {
    case 'items':
      return {
        kind: 'items',
        ...(work.count !== undefined && { count: work.count }),
        ended: { below: work.ended.below, above: work.ended.above },
        values: [...work.values].map(([item, value]) => [item, toPlain(value, path)]),
        failures: [...work.failures],
        parked: [...work.parked],
        succeeded: work.succeeded,
        votes: [...work.votes],
        parts: [...work.parts.values()].map((one) => ({ ...one, part: toPlain(one.part, path) })),
      };
    case 'turns':
      return { kind: 'turns', turns: work.turns, output: toPlain(work.output, path) };
    case 'timer':
      return { kind: 'timer', ...(work.dueAtMs !== undefined && { dueAtMs: work.dueAtMs }) };
  }
}

function workFromPlain(work: WorkSnapshot): WorkState {
  switch (work.kind) {
    case 'items': {
      const ended = new IndexSet(work.ended.below, work.ended.above);
      const values = new ItemValues();
      for (const [item, value] of work.values) values.set(item, fromPlain(value));
      return {
        kind: 'items',
        count: work.count,
        ended,
        values,
        failures: new Map(work.failures),
        parked: new Map(work.parked),
        succeeded: work.succeeded,
        votes: new Map(work.votes),
        parts: new Map(
          work.parts.map((one) => [partKey(one.level, one.position), { ...one, part: fromPlain(one.part) }]),
        ),
      };
    }
    case 'turns':
      return { kind: 'turns', turns: work.turns, output: fromPlain(work.output) };
    case 'timer':
      return { kind: 'timer', dueAtMs: work.dueAtMs };
  }
}
