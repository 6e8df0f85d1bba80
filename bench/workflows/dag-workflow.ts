import type { Workflow } from '../../src/index.ts';
import type { Spillway } from '../subject.ts';
import type { Dag } from './dags.ts';

/** What there is to say of a step beside what it needs. */
export interface StepOptions {
  readonly input?: () => unknown;
  readonly expectedMs?: number;
}

interface AnyBuilder {
  step(name: string, options: object): AnyBuilder;
  build(): Workflow;
}

/** The graph as a workflow whose steps are all done by the agent `work`. */
export function dagWorkflow(
  { workflow }: Spillway,
  id: string,
  dag: Dag,
  stepOptions: (step: number) => StepOptions = () => ({}),
  options: { readonly concurrency?: number } = {},
): Workflow {
  // Names that are made up as it goes have no types.
  let builder = workflow(id, options) as unknown as AnyBuilder;
  for (const [step, needs] of dag.entries()) {
    const after = needs.map((need) => `s${need}`);
    builder = builder.step(`s${step}`, { agent: 'work', after, ...stepOptions(step) });
  }
  return builder.build();
}
