import { isMissing, type StepError } from '../contract/workflow.ts';
import type { StepDefinition } from '../contract/workflow-definition.ts';
import type { Cause, WorkflowEvent } from '../contract/workflow-events.ts';
import { note, spend } from './accounts.ts';
import { takePart } from './fold-plan.ts';
import { IndexSet } from './index-set.ts';
import { ItemValues } from './item-values.ts';
import { outputOfMap, partialOf } from './map-output.ts';
import type { Plan } from './plan.ts';
import { reopen, restart } from './reopening.ts';
import { hasEnded, type ItemsState, initialState, moveStep, type RunState, type WorkState } from './state.ts';

/** The state of a run that has not begun. */
export function stateBefore(plan: Plan): RunState {
  return initialState(plan.steps);
}

/**
 * What an event makes of the state: the only thing that changes it, so that replaying the events gives it again. It
 * changes the state that it is given, for a run of many steps would spend its time on copies.
 * @throws Error for an event that cannot follow
 */
export function evolve(plan: Plan, state: RunState, event: WorkflowEvent): RunState {
  if (event.seq !== state.version) {
    throw new Error(`workflow: expected event ${state.version} of run "${state.run}", got ${event.seq}`);
  }
  state.version++;
  state.lastAtMs = event.atMs;
  apply(plan, state, event);
  return state;
}

function apply(plan: Plan, state: RunState, event: WorkflowEvent): void {
  switch (event.type) {
    case 'run-started':
      state.run = event.run;
      state.workflow = event.workflow;
      state.hash = event.hash;
      state.input = event.input;
      state.forkOf = event.forkOf;
      state.forkFrom = event.forkFrom;
      state.startedAtMs = event.atMs;
      return;
    case 'run-paused':
      state.status = 'paused';
      return;
    case 'run-resumed':
      state.status = 'running';
      return;
    case 'run-stopping':
      state.status = 'stopping';
      return;
    case 'run-stopped':
      state.status = 'stopped';
      return;
    case 'run-restarted':
      restart(plan, state, event.hash);
      return;
    case 'run-failing':
      state.failing = event.cause;
      return;
    case 'compensation-started':
      state.status = 'compensating';
      return;
    case 'run-ended':
      state.status = 'ended';
      state.result = event.status;
      return;
    case 'signal-received': {
      const queue = state.signals.get(event.signal);
      if (queue === undefined) state.signals.set(event.signal, [event.value]);
      else queue.push(event.value);
      return;
    }
    default:
      applyToStep(plan, state, event, plan.indexOf.get(event.step)!);
  }
}

type StepEvent = Extract<WorkflowEvent, { readonly step: string }>;

function applyToStep(plan: Plan, state: RunState, event: StepEvent, index: number): void {
  const now = state.steps[index]!;
  const { definition } = plan.steps[index]!;
  const { attempt } = now;
  switch (event.type) {
    case 'step-started':
      moveStep(state, index, {
        status: 'running',
        attempt: event.attempt,
        startedAtMs: event.atMs,
        work: newWork(definition),
        lastError: now.status === 'waiting' ? now.lastError : undefined,
      });
      return;
    case 'step-succeeded': {
      spend(state, event.spent);
      const work = now.status === 'running' ? now.work : undefined;
      const { standIns } = event;
      const output =
        work?.kind !== 'items'
          ? event.output
          : plan.folds.has(index)
            ? work
            : outputOfMap(definition, work, standIns);
      // What should have stood in for a value, and failed at that.
      for (const value of standIns?.values ?? []) if (isMissing(value)) note(state, value.$missing);
      // One that was parked has its value from a person.
      if (definition.kind === 'wait' && definition.on.kind === 'signal' && now.status === 'running')
        takeSignal(state, definition.on.signal);
      state.succeeded++;
      const startedAtMs = 'startedAtMs' in now ? now.startedAtMs : event.atMs;
      moveStep(state, index, { status: 'succeeded', attempt, output, startedAtMs, endedAtMs: event.atMs });
      wake(plan, state, index);
      return;
    }
    case 'step-failed':
      spend(state, event.spent);
      state.failed++;
      note(state, event.error);
      end(plan, state, index, 'failed', { ...event, cause: 'failure' });
      return;
    case 'step-skipped':
      spend(state, event.spent);
      if (event.cause === 'failure') {
        state.failed++;
        note(state, event.error);
      }
      end(plan, state, index, 'skipped', event);
      return;
    case 'step-cancelled':
      spend(state, event.spent);
      end(plan, state, index, 'cancelled', event);
      return;
    case 'step-kept': {
      const { output, atMs } = event;
      moveStep(state, index, { status: 'succeeded', attempt, output, startedAtMs: atMs, endedAtMs: atMs });
      wake(plan, state, index);
      return;
    }
    case 'step-retried':
      spend(state, event.spent);
      state.retries++;
      moveStep(state, index, {
        status: 'waiting',
        waitsFor: 0,
        attempt,
        lastError: event.error,
        failedAtMs: event.atMs,
      });
      return;
    case 'step-parked': {
      spend(state, event.spent);
      const partial = partialOf(definition, now);
      moveStep(state, index, {
        status: 'parked',
        attempt,
        startedAtMs: 'startedAtMs' in now ? now.startedAtMs : event.atMs,
        error: event.error,
        ask: event.ask,
        ...(partial && { partial }),
      });
      return;
    }
    case 'step-reopened':
      reopen(plan, state, index);
      return;
    case 'step-compensated':
    case 'step-not-compensated':
      spend(state, event.spent);
      state.compensated.add(index);
      if (event.type === 'step-not-compensated') state.needsAttention.push(event.error);
      return;
    default:
      applyToWork(plan, state, event, index, now.status === 'running' ? now.work : undefined);
  }
}

type WorkEvent = Exclude<StepEvent, { readonly type: `step-${string}` }>;

function applyToWork(plan: Plan, state: RunState, event: WorkEvent, index: number, work: WorkState): void {
  switch (event.type) {
    case 'turn-ended':
      spend(state, event.spent);
      if (work?.kind === 'turns') {
        work.turns++;
        work.output = event.output;
      }
      return;
    case 'timer-set':
      if (work?.kind === 'timer') work.dueAtMs = event.dueAtMs;
      return;
    case 'items-counted':
      if (work?.kind === 'items') work.count = event.count;
      return;
    case 'items-ended':
      if (work?.kind === 'items') endItems(state, work, event);
      return;
    case 'item-parked':
      if (work?.kind === 'items') work.parked.set(event.item, event.error);
      return;
    case 'item-answered':
      if (work?.kind === 'items') work.parked.delete(event.item);
      return;
    case 'part-reduced':
      spend(state, event.spent);
      if (work?.kind === 'items') takePart(plan.folds.get(index)!, work, event);
      return;
  }
}

function endItems(
  state: RunState,
  work: ItemsState,
  event: Extract<WorkflowEvent, { type: 'items-ended' }>,
): void {
  const { items, values, failures } = event;
  for (let at = 0; at < items.length; at++) {
    work.values.set(items[at]!, values[at]);
    work.ended.add(items[at]!);
  }
  for (const vote of event.votes ?? []) work.votes.set(vote, (work.votes.get(vote) ?? 0) + 1);
  for (const error of failures) {
    work.ended.add(error.item!);
    work.failures.set(error.item!, error);
    note(state, error);
  }
  work.succeeded += items.length;
  state.succeeded += items.length;
  state.failed += failures.length;
  spend(state, event.spent);
}

function newWork(definition: StepDefinition): WorkState {
  switch (definition.kind) {
    case 'map':
      return {
        kind: 'items',
        count: undefined,
        ended: new IndexSet(),
        values: new ItemValues(),
        failures: new Map(),
        parked: new Map(),
        succeeded: 0,
        parts: new Map(),
        votes: new Map(),
      };
    case 'loop':
      return { kind: 'turns', turns: 0, output: undefined };
    case 'wait':
      return { kind: 'timer', dueAtMs: undefined };
    case 'task':
    case 'reduce':
      return undefined;
  }
}

function end(
  plan: Plan,
  state: RunState,
  index: number,
  status: 'skipped' | 'failed' | 'cancelled',
  event: {
    readonly error: StepError;
    readonly cause: Cause;
    readonly atMs: number;
    readonly value?: unknown;
  },
): void {
  const before = state.steps[index]!;
  const { attempt } = before;
  const { error, cause, value, atMs: endedAtMs } = event;
  const hasValue = 'value' in event;
  const partial = partialOf(plan.steps[index]!.definition, before);
  moveStep(state, index, { status, attempt, error, cause, value, hasValue, partial, endedAtMs });
  // A failed step that is skipped has ended before.
  if (!hasEnded(before.status)) wake(plan, state, index);
}

/** One thing less to wait for. */
function wake(plan: Plan, state: RunState, index: number): void {
  for (const next of plan.steps[index]!.neededBy) {
    const step = state.steps[next]!;
    if (step.status === 'waiting') step.waitsFor--;
  }
}

function takeSignal(state: RunState, signal: string): void {
  const queue = state.signals.get(signal);
  queue?.shift();
  if (queue?.length === 0) state.signals.delete(signal);
}
