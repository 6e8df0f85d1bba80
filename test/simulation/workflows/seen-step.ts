import { isMissing, type StepError, type StepStatus } from '../../../src/contract/workflow.ts';
import type { StepDefinition } from '../../../src/contract/workflow-definition.ts';
import type { Cause } from '../../../src/contract/workflow-events.ts';
import { flat, isThere } from './random-workflow.ts';
import { numberOf } from './simulated-engine.ts';

/** A step as its events tell of it. */
export interface SeenStep {
  readonly definition: StepDefinition;
  readonly needs: readonly string[];
  status: StepStatus;
  attempt: number;
  startedAtMs: number;
  /** What stands for its output, once it has ended in a way that lets others go on. */
  output: unknown;
  /** It was skipped, and something was given in its place. */
  hasValue: boolean;
  /** It ended, and those that need it cannot run. */
  isInTheWay: boolean;
  /** Why it was skipped or cancelled. */
  cause: Cause | undefined;
  /** A map that had enough: what stands for those that were not run is not known here. */
  isEarly: boolean;
  /** It was given something that is not known here. */
  isUnsure: boolean;
  /** What it was started with. */
  context: Readonly<Record<string, unknown>>;
  readonly values: Map<number, unknown>;
  readonly failures: Map<number, StepError>;
  readonly parked: Set<number>;
  readonly answered: Set<number>;
  count: number | undefined;
  turns: number;
  turned: unknown;
  undone: 'no' | 'yes' | 'failed';
}

export function unseen(definition: StepDefinition): SeenStep {
  const { after } = definition;
  return {
    definition,
    needs: [...new Set(definition.kind === 'reduce' ? [definition.of, ...after] : after)],
    status: 'waiting',
    attempt: 0,
    startedAtMs: 0,
    output: undefined,
    hasValue: false,
    isInTheWay: false,
    cause: undefined,
    isEarly: false,
    isUnsure: false,
    context: {},
    values: new Map(),
    failures: new Map(),
    parked: new Set(),
    answered: new Set(),
    count: undefined,
    turns: 0,
    turned: undefined,
    undone: 'no',
  };
}

/** Before another attempt. */
export function forget(step: SeenStep): void {
  step.values.clear();
  step.failures.clear();
  step.parked.clear();
  step.answered.clear();
  step.isEarly = false;
  step.count = undefined;
  step.turns = 0;
  step.turned = undefined;
}

export const hasEnded = ({ status }: SeenStep) => !['waiting', 'running', 'parked'].includes(status);

/** Whether it is done anew after a restart: not what goes on where it was. */
export function isLostIn(definition: StepDefinition): boolean {
  if (definition.kind === 'task') return definition.work.kind !== 'workflow';
  return definition.kind === 'reduce';
}

/** What a run comes to that was not ended early. */
export function endOf(all: readonly SeenStep[], hasErrors: boolean): 'success' | 'partial' | 'failed' {
  const gaveValue = (step: SeenStep) => step.status === 'succeeded' || step.hasValue;
  const isWhole = all.every(
    (step) => gaveValue(step) || (step.status === 'skipped' && step.cause === 'condition'),
  );
  if (isWhole && !hasErrors) return 'success';
  const needed = new Set(all.flatMap(({ needs }) => needs));
  const gave = all.some((step) => !needed.has(step.definition.name) && gaveValue(step));
  return gave ? 'partial' : 'failed';
}

/** Who does the work, as `numberOf` knows it; `undefined` for a workflow. */
function workerOf(definition: StepDefinition): string | undefined {
  if (!('work' in definition)) return undefined;
  const { work } = definition;
  switch (work.kind) {
    case 'agent':
      return work.agent;
    case 'capability':
      return work.capability;
    case 'function':
      return 'function';
    default:
      return undefined;
  }
}

type AnyInput = (...all: unknown[]) => unknown;
/** Nobody knows. */
export const UNKNOWN = Symbol('unknown');

/** What a task, or the first turn of a loop, has to give. */
export function expectedOfTask({ definition, context, isUnsure }: SeenStep): unknown {
  const worker = workerOf(definition);
  if (isUnsure || worker === undefined || (definition.kind !== 'task' && definition.kind !== 'loop'))
    return UNKNOWN;
  const { input, after } = definition;
  if (input !== undefined) return numberOf(worker, (input as AnyInput)(context));
  if (after.length === 0) return numberOf(worker, context.input);
  if (after.length === 1) return numberOf(worker, context[after[0]!]);
  return numberOf(worker, Object.fromEntries(after.map((name) => [name, context[name]])));
}

export function expectedOfTurn(step: SeenStep): unknown {
  if (step.turns === 0) return expectedOfTask(step);
  const worker = workerOf(step.definition);
  return worker === undefined ? UNKNOWN : numberOf(worker, step.turned);
}

export function expectedOfItem(
  { definition, context, isUnsure }: SeenStep,
  item: number,
  value: unknown,
): unknown {
  const worker = workerOf(definition);
  if (isUnsure || worker === undefined || definition.kind !== 'map') return UNKNOWN;
  const { input } = definition;
  return numberOf(worker, input === undefined ? value : (input as AnyInput)(value, item, context));
}

export function expectedOfReduce(
  { definition, context, isUnsure }: SeenStep,
  isTaken: (value: unknown) => boolean = () => true,
): unknown {
  if (isUnsure || definition.kind !== 'reduce') return UNKNOWN;
  const values = context[definition.of];
  const { work } = definition;
  if (!Array.isArray(values)) return isMissing(values) ? values : UNKNOWN;
  if (work.kind === 'function') return flat(values.filter(isTaken));
  if (work.kind === 'aggregation') return values.filter(isThere);
  return numberOf(workerOf(definition)!, values);
}

/** What a map gives, made one item after the other. */
export function expectedOfMap({ definition, values, failures, count }: SeenStep): readonly unknown[] {
  const { onFailure, name } = definition;
  const most = Math.max(-1, ...values.keys(), ...failures.keys());
  const length = count ?? most + 1;
  const there = [...values.keys()].sort((a, b) => a - b);
  return Array.from({ length }, (_, item) => {
    if (values.has(item)) return values.get(item);
    if (typeof onFailure === 'object' && 'value' in onFailure) {
      if (failures.has(item)) return onFailure.value;
      return { $missing: { name, item } };
    }
    const left = values.get(there.findLast((at) => at < item) ?? -1);
    const right = values.get(there.find((at) => at > item) ?? -1);
    if (typeof onFailure === 'object') return (onFailure.interpolate as AnyInput)(left, right, item);
    if (onFailure === 'interpolate') {
      const known = [left, right].filter((value) => typeof value === 'number');
      if (known.length > 0) return known.reduce((sum, value) => sum + value, 0) / known.length;
    }
    return { $missing: failures.get(item) ?? { name, item } };
  });
}
