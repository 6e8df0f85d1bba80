import type { StepDefinition } from '../contract/workflow-definition.ts';

/** Who does the work of a step, in words. */
export function doerOf(definition: StepDefinition): string {
  if (definition.kind === 'wait') {
    const { on } = definition;
    if (on.kind === 'signal') return `signal ${on.signal}`;
    return on.kind === 'timer' ? 'timer' : 'person';
  }
  const { work } = definition;
  switch (work.kind) {
    case 'agent':
      return `agent ${work.agent}`;
    case 'capability':
      return `capability ${work.capability}`;
    case 'function':
      return 'function';
    case 'workflow':
      return `workflow ${typeof work.workflow === 'function' ? 'made as it runs' : work.workflow.id}`;
    case 'aggregation':
      return work.aggregation.name;
  }
}

/** The agent, or the capability, that a step's tasks are for. */
export function agentOf(definition: StepDefinition): string | undefined {
  if (definition.kind === 'wait') return undefined;
  const { work } = definition;
  if (work.kind === 'agent') return work.agent;
  return work.kind === 'capability' ? work.capability : undefined;
}

/** Steps of one key take about as long: single tasks of the same agent; any other step is like itself only. */
export function likenessOf(definition: StepDefinition): string {
  const agent = definition.kind === 'task' ? agentOf(definition) : undefined;
  return agent === undefined ? `step ${definition.name}` : doerOf(definition);
}
