import { SpillwayError } from '../contract/errors.ts';
import { describe } from '../contract/option-issue.ts';
import type { Workflow } from '../contract/workflow-definition.ts';
import { isWorkflow } from './check-step.ts';
import { isPromise } from './perform.ts';

/** The input of a run, as its schema gives it. @throws SpillwayError `INPUT_INVALID` */
export async function checkedInput({ id, input }: Workflow, given: unknown): Promise<unknown> {
  if (input === undefined) return given;
  const validated = input['~standard'].validate(given);
  const result = isPromise<Awaited<typeof validated>>(validated) ? await validated : validated;
  if (result.issues === undefined) return result.value;
  const [issue] = result.issues;
  const path = (issue?.path ?? [])
    .map((part) => String(typeof part === 'object' ? part.key : part))
    .join('.');
  const at = path === '' ? 'input' : `input.${path}`;
  throw new SpillwayError(
    'INPUT_INVALID',
    `workflow "${id}", ${at}: ${issue?.message ?? 'it does not match the schema'}`,
  );
}

/** @throws SpillwayError `WORKFLOW_INVALID` for anything but a workflow that was built */
export function checkWorkflow(call: string, workflow: unknown): void {
  if (isWorkflow(workflow)) return;
  const message = `${call}: expected a workflow that was built, got ${describe(workflow)}`;
  throw new SpillwayError('WORKFLOW_INVALID', message);
}
