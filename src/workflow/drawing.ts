import type { StepDefinition, Workflow } from '../contract/workflow-definition.ts';
import { plain } from './definition-hash.ts';
import { needsOf } from './plan.ts';

/** A workflow as plain data, for tools: functions are given by their text. */
export function toJson({ id, steps, onError, concurrency, hash }: Workflow): unknown {
  return { id, hash, onError, concurrency, steps: steps.map(plain) };
}

/** A workflow as a flowchart in Mermaid's language. */
export function toMermaid({ steps }: Workflow): string {
  const ids = new Map(steps.map(({ name }, index) => [name, `s${index}`]));
  const lines = ['flowchart TD'];
  for (const step of steps) {
    const [open, close] = SHAPES[step.kind];
    lines.push(
      `  ${ids.get(step.name)}${open}"${escaped(step.name)}<br/>${escaped(workText(step))}"${close}`,
    );
  }
  for (const step of steps) {
    const arrow = step.when === undefined ? '-->' : '-. when .->';
    for (const need of needsOf(step)) lines.push(`  ${ids.get(need)} ${arrow} ${ids.get(step.name)}`);
    if (step.compensate !== undefined)
      lines.push(`  ${ids.get(step.name)} -. undo .-x ${ids.get(step.name)}u(["undo"])`);
  }
  return `${lines.join('\n')}\n`;
}

const SHAPES: Readonly<Record<StepDefinition['kind'], readonly [string, string]>> = {
  task: ['[', ']'],
  map: ['[[', ']]'],
  reduce: ['[/', '\\]'],
  loop: ['(', ')'],
  wait: ['{{', '}}'],
};

function workText(step: StepDefinition): string {
  if (step.kind === 'wait') {
    const { on } = step;
    return on.kind === 'signal' ? `signal ${on.signal}` : on.kind === 'timer' ? 'timer' : 'approval';
  }
  const { work } = step;
  const who =
    work.kind === 'agent'
      ? work.agent
      : work.kind === 'capability'
        ? `any ${work.capability}`
        : work.kind === 'workflow'
          ? `workflow ${typeof work.workflow === 'function' ? 'made as it runs' : work.workflow.id}`
          : work.kind === 'aggregation'
            ? work.aggregation.name
            : 'function';
  return step.kind === 'task' ? who : `${step.kind}: ${who}`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
