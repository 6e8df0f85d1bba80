import type { Bottleneck } from '../contract/workflow-status.ts';
import { agentOf } from './doer.ts';
import type { Plan } from './plan.ts';
import type { Sender } from './sender.ts';
import type { RunState, StepState } from './state.ts';

/** Of tasks that wait this share of their time inside of the engine, no more need to be under way. */
const ENGINE_FULL = 0.5;

/** Which step, or agent, holds the rest back: the one with the most behind it, of those that are under way. */
export function bottleneckOf(
  plan: Plan,
  state: RunState,
  sender: Pick<Sender, 'held' | 'waitShare'>,
  behindMs: Float64Array,
): Bottleneck | undefined {
  if (state.status !== 'running' || state.failing !== undefined) return undefined;
  const going = plan.steps.filter(({ index }) => isUnderWay(state.steps[index]!));
  // Who has to be asked holds nothing back as long as other work goes on.
  const working = going.filter(({ index }) => speakerOf(plan, state, index) === undefined);
  let worst: number | undefined;
  for (const { index } of working.length > 0 ? working : going) {
    if (worst === undefined || behindMs[index]! > behindMs[worst]!) worst = index;
  }
  if (worst === undefined) return undefined;
  const { definition } = plan.steps[worst]!;
  const step = definition.name;
  const now = state.steps[worst]!;
  const why = speakerOf(plan, state, worst);
  if (why !== undefined) return { step, why };
  const agent = agentOf(definition);
  const { held } = sender;
  if (held !== undefined) return { ...(held === agent && { step }), agent: held, why: 'shed' };
  const who = { step, ...(agent !== undefined && { agent }) };
  if (now.status === 'waiting') return { ...who, why: 'failed' };
  if (isFull(plan, state, worst) && sender.waitShare(agent) < ENGINE_FULL) return { ...who, why: 'limit' };
  return { ...who, why: 'slow' };
}

/** Running, waiting for a person, or between two attempts. */
function isUnderWay(step: StepState): boolean {
  if (step.status === 'waiting') return step.waitsFor === 0 && step.attempt > 0;
  return step.status === 'running' || step.status === 'parked';
}

/** Whose word it waits for, if that is all that it waits for. */
function speakerOf(
  plan: Plan,
  state: RunState,
  index: number,
): 'waiting-for-person' | 'waiting-for-signal' | undefined {
  const now = state.steps[index]!;
  if (now.status === 'parked') return 'waiting-for-person';
  if (now.status !== 'running') return undefined;
  const { definition } = plan.steps[index]!;
  if (definition.kind === 'wait') {
    if (definition.on.kind === 'timer') return undefined;
    return definition.on.kind === 'signal' ? 'waiting-for-signal' : 'waiting-for-person';
  }
  if (now.work?.kind !== 'items' || now.work.parked.size === 0) return undefined;
  const { count, ended, parked } = now.work;
  return count !== undefined && ended.size + parked.size >= count ? 'waiting-for-person' : undefined;
}

/** Whether the step, or the run, has as much under way as it may. */
function isFull(plan: Plan, state: RunState, index: number): boolean {
  const { definition } = plan.steps[index]!;
  if (definition.kind === 'map' && itemsLeft(state.steps[index]!) >= definition.concurrency) return true;
  let underWay = 0;
  for (const { index: one, definition: of } of plan.steps) {
    const now = state.steps[one]!;
    if (now.status !== 'running' || of.kind === 'wait') continue;
    underWay += of.kind === 'map' ? Math.min(of.concurrency, itemsLeft(now)) : 1;
  }
  return underWay > plan.workflow.concurrency;
}

function itemsLeft(now: StepState): number {
  if (now.status !== 'running' || now.work?.kind !== 'items') return 0;
  const { count, ended, parked } = now.work;
  return count === undefined ? Number.POSITIVE_INFINITY : count - ended.size - parked.size;
}
