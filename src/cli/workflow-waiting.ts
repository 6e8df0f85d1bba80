import type { StepDefinition, Workflow } from '../contract/workflow-definition.ts';
import type { WorkflowRun } from '../contract/workflow-run.ts';
import type { StepProgress } from '../contract/workflow-status.ts';
import { needsOf } from '../workflow/plan.ts';

/** A run, with those of the workflows that do the work of its steps. */
export interface RunTree {
  readonly run: WorkflowRun;
  readonly workflow: Workflow;
  readonly runOf: (id: string) => WorkflowRun | undefined;
}

/** A step, or an item, that waits for a person. */
export interface Waiting {
  readonly run: WorkflowRun;
  readonly step: string;
  readonly item: number | undefined;
  /** `approve`, `research[3]`; of a workflow inside of a step or an item, `review/approve`, `each[3]/approve`. */
  readonly name: string;
  readonly question: string;
}

/** All that waits for a person. */
export function waitingIn({ run, runOf }: Omit<RunTree, 'workflow'>, path = ''): readonly Waiting[] {
  const { parked, steps } = run.status();
  const own = parked.map(({ step, item, ask, error }): Waiting => {
    const question = (ask ?? error?.message ?? 'an answer is needed').replace(/\s+/g, ' ');
    const name = nameOf(path, step, item);
    return { run, step, item, name, question };
  });
  const inside = steps.flatMap(({ step, nested }) =>
    nested.flatMap(({ item, status }) => {
      const child = runOf(status.run);
      return child === undefined ? [] : waitingIn({ run: child, runOf }, `${nameOf(path, step, item)}/`);
    }),
  );
  return [...own, ...inside];
}

function nameOf(path: string, step: string, item: number | undefined): string {
  return `${path}${step}${item === undefined ? '' : `[${item}]`}`;
}

/** `research` of `research[3]`, `each/approve` of `each[3]/approve`. */
export function withoutItem(name: string): string {
  return name.replace(/\[\d+\](?=\/|$)/g, '');
}

/** Whether a run goes on only if somebody outside of it says something. */
export function isStuck(tree: RunTree): boolean {
  const { run, workflow } = tree;
  const { steps, counts } = run.status();
  if (run.state !== 'running' || counts.parked + counts.active === 0) return false;
  const byName = new Map(steps.map((step) => [step.step, step]));
  const isOpen = (name: string) => ['waiting', 'running', 'parked'].includes(byName.get(name)!.status);
  return workflow.steps.every((definition) => {
    const now = byName.get(definition.name)!;
    // One that could run is between two attempts, or its condition is being asked.
    if (now.status === 'waiting') return needsOf(definition).some(isOpen);
    if (now.status !== 'running') return true;
    if (definition.kind === 'wait') return waitsForSignal(definition);
    const children = childrenOf(tree, definition, now);
    if (children.some((child) => !isStuck(child))) return false;
    if (definition.kind !== 'map') return children.length > 0;
    const waiting = (now.items?.parked ?? 0) + children.length;
    if (now.items?.total === undefined || waiting === 0) return false;
    const isFull = children.length >= definition.concurrency;
    return isFull || now.items.completed + now.items.failed + waiting >= now.items.total;
  });
}

/** How to answer what waits, where nobody can be asked. */
export function howToAnswer(tree: RunTree): string {
  const people = waitingIn(tree).map(
    ({ name, question }) => `  ${name}: ${question}\n    --answer '${name}=true'`,
  );
  const signals = tree.workflow.steps.flatMap((step) =>
    waitsForSignal(step) && tree.run.step(step.name) === 'running'
      ? [`  ${step.name} waits for the signal ${step.on.signal}\n    --signal '${step.on.signal}=true'`]
      : [],
  );
  const how =
    'an answer is a JSON value, retry, or refuse: why; on a terminal you are asked, in code it is run.answer()';
  return [...people, ...signals, `  Run it again with these: ${how}.`, ''].join('\n');
}

type SignalStep = StepDefinition & {
  readonly kind: 'wait';
  readonly on: { readonly kind: 'signal'; readonly signal: string };
};

/** One that would wait for ever. */
function waitsForSignal(step: StepDefinition): step is SignalStep {
  return step.kind === 'wait' && step.on.kind === 'signal' && step.on.timeoutMs === undefined;
}

function childrenOf({ runOf }: RunTree, step: StepDefinition, { nested }: StepProgress): readonly RunTree[] {
  if (step.kind === 'wait' || step.work.kind !== 'workflow') return [];
  const { workflow } = step.work;
  // Its steps are known to nobody but the function.
  if (typeof workflow === 'function') return [];
  return nested.flatMap(({ status }) => {
    const run = runOf(status.run);
    return run === undefined ? [] : [{ run, workflow, runOf }];
  });
}
