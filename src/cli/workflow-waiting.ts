import type { StepDefinition, Workflow } from '../contract/workflow-definition.ts';
import type { WorkflowRun } from '../contract/workflow-run.ts';
import { needsOf } from '../workflow/plan.ts';

/** A run, with those of the workflows that do the work of its steps. */
export interface RunTree {
  readonly run: WorkflowRun;
  readonly workflow: Workflow;
  /** The run inside of a step, once it was started. */
  readonly childOf: (run: string, step: string) => WorkflowRun | undefined;
}

/** A step, or an item, that waits for a person. */
export interface Waiting {
  readonly run: WorkflowRun;
  readonly step: string;
  readonly item: number | undefined;
  /** `approve`, `research[3]`; of a workflow inside of a step, `review/approve`. */
  readonly name: string;
  readonly question: string;
}

/** All that waits for a person. */
export function waitingIn(tree: RunTree, path = ''): readonly Waiting[] {
  const { run, workflow } = tree;
  const own = run.status().parked.map(({ step, item, ask, error }): Waiting => {
    const question = (ask ?? error?.message ?? 'an answer is needed').replace(/\s+/g, ' ');
    const name = `${path}${step}${item === undefined ? '' : `[${item}]`}`;
    return { run, step, item, name, question };
  });
  const inside = workflow.steps.flatMap((step) => {
    const child = childTree(tree, step);
    return child === undefined ? [] : waitingIn(child, `${path}${step.name}/`);
  });
  return [...own, ...inside];
}

/** `research` of `research[3]`. */
export function withoutItem(name: string): string {
  return name.replace(/\[\d+\]$/, '');
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
    const child = childTree(tree, definition);
    if (child !== undefined) return isStuck(child);
    if (now.items?.total === undefined || now.items.parked === 0) return false;
    return now.items.completed + now.items.failed + now.items.parked >= now.items.total;
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

function childTree({ run, childOf }: RunTree, step: StepDefinition): RunTree | undefined {
  if (step.kind !== 'task' || step.work.kind !== 'workflow') return undefined;
  const { workflow } = step.work;
  // Its steps are known to nobody but the function.
  if (typeof workflow === 'function') return undefined;
  const child = childOf(run.id, step.name);
  return child && { run: child, workflow, childOf };
}
