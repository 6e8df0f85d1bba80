import { isDeepStrictEqual } from 'node:util';
import type { StepError } from '../../../src/contract/workflow.ts';
import type { WorkflowEvent } from '../../../src/contract/workflow-events.ts';
import { isThere, type StepModel } from './random-workflow.ts';
import {
  expectedOfItem,
  expectedOfMap,
  expectedOfReduce,
  expectedOfTask,
  expectedOfTurn,
  type SeenStep,
  UNKNOWN,
} from './seen-step.ts';

type StepEvent = Extract<WorkflowEvent, { readonly step: string }>;
export type Expect = (holds: boolean, what: string) => void;

/** What a step that has succeeded by its own work has to give. */
export function checkOutput(
  event: Extract<StepEvent, { type: 'step-succeeded' }>,
  step: SeenStep,
  model: StepModel,
  takeSignal: (signal: string) => unknown,
  expect: Expect,
): void {
  const { definition } = step;
  const same = (expected: unknown, output = event.output): void => {
    const isSame = expected === UNKNOWN || isDeepStrictEqual(output, expected);
    expect(isSame, `its output is not ${String(expected)}`);
  };
  switch (definition.kind) {
    case 'task':
      same(expectedOfTask(step));
      return;
    case 'loop':
      expect(step.turns > 0 && step.turns <= definition.max, `it has made ${step.turns} turns`);
      same(step.turned);
      return;
    case 'reduce':
      // Of outputs that are folded as they come, it takes those that there are.
      if (definition.fanIn !== undefined && Array.isArray(event.output)) {
        same(expectedOfReduce(step, isThere), event.output.filter(isThere));
      } else same(expectedOfReduce(step));
      return;
    case 'map':
      checkEndOfMap(step, model, expect);
      return;
    case 'wait':
      if (definition.on.kind === 'signal') {
        same(takeSignal(definition.on.signal));
        expect(event.output !== undefined, 'no signal was sent');
      } else if (definition.on.kind === 'timer') {
        const ms = typeof definition.on.ms === 'number' ? definition.on.ms : 7;
        const waitedMs = event.atMs - step.startedAtMs;
        expect(waitedMs >= ms - 1, `it waited ${waitedMs} ms of ${ms}`);
      }
  }
}

/** A map may only end with all of its items, or with enough. */
function checkEndOfMap(step: SeenStep, model: StepModel, expect: Expect): void {
  const { definition, values, failures, parked } = step;
  if (definition.kind !== 'map') return;
  step.output = expectedOfMap(step);
  const { enough } = definition;
  const agree = (quorum: number): boolean => {
    const votes = [...values.values()].map((value) => Number(value) % 3);
    return votes.some((vote) => votes.filter((one) => Object.is(one, vote)).length >= quorum);
  };
  const hasEnough =
    enough !== undefined && ('count' in enough ? values.size >= enough.count : agree(enough.quorum));
  step.isEarly = values.size + failures.size !== step.count;
  if (hasEnough) return;
  expect(!model.breaks, 'not all items could be had');
  const all = model.items?.length;
  expect(step.count === all, `it has ${all} items, and says ${step.count}`);
  expect(
    values.size + failures.size === all,
    `${all} items, ${values.size} values, ${failures.size} failures`,
  );
  expect(parked.size === 0, 'items are parked');
}

/** What a running step tells of its parts. @returns the errors of items */
export function checkWork(
  event: StepEvent,
  step: SeenStep,
  model: StepModel,
  expect: Expect,
): readonly StepError[] {
  switch (event.type) {
    case 'turn-ended': {
      const expected = expectedOfTurn(step);
      expect(expected === UNKNOWN || event.output === expected, `its output is not ${String(expected)}`);
      step.turns++;
      step.turned = event.output;
      return [];
    }
    case 'items-counted':
      expect(step.count === undefined, 'its items are counted already');
      step.count = event.count;
      return [];
    case 'items-ended':
      return endItems(event, step, model, expect);
    case 'item-parked':
      expect(!step.values.has(event.item) && !step.failures.has(event.item), `item ${event.item} has ended`);
      step.parked.add(event.item);
      return [];
    case 'item-answered':
      expect(step.parked.delete(event.item), `item ${event.item} is not parked`);
      if (!event.again) step.answered.add(event.item);
      return [];
    default:
      return [];
  }
}

function endItems(
  event: Extract<StepEvent, { type: 'items-ended' }>,
  step: SeenStep,
  model: StepModel,
  expect: Expect,
): readonly StepError[] {
  const given = model.items ?? [];
  const isNew = (item: number): void => {
    expect(!step.values.has(item) && !step.failures.has(item), `item ${item} has ended twice`);
    expect(!step.parked.has(item), `item ${item} is parked`);
    expect(item >= 0 && item < given.length, `there is no item ${item}`);
  };
  for (const [at, item] of event.items.entries()) {
    isNew(item);
    step.values.set(item, event.values[at]);
    if (step.answered.has(item)) continue;
    const expected = expectedOfItem(step, item, given[item]);
    expect(expected === UNKNOWN || event.values[at] === expected, `item ${item} is not ${String(expected)}`);
  }
  for (const error of event.failures) {
    isNew(error.item!);
    step.failures.set(error.item!, error);
  }
  return event.failures;
}
