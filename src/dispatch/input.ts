import { ConfigError } from '../contract/errors.ts';
import { describe } from '../contract/option-issue.ts';
import type { SchemaIssue, StandardSchema } from '../contract/standard-schema.ts';
import type { Route } from './route.ts';

/**
 * Checks the input against the schemas of the agents it may go to, and gives it as the schema returns it.
 * @throws ConfigError INPUT_INVALID that names the field.
 */
export function validInput(route: Route, input: unknown): unknown {
  if (!route.hasSchema) return input;
  let value = input;
  for (const agent of [...route.threads.agents, ...route.loop.agents]) {
    if (agent.schema !== undefined) value = validate(agent.name, agent.schema, value);
  }
  return value;
}

function validate(agent: string, schema: StandardSchema, input: unknown): unknown {
  const result = schema['~standard'].validate(input);
  if (result instanceof Promise) {
    throw new ConfigError(
      'INPUT_INVALID',
      'input',
      `agent "${agent}": expected a schema that validates synchronously`,
    );
  }
  if (result.issues === undefined) return result.value;
  const [issue] = result.issues;
  const path = `input${pathOf(issue)}`;
  throw new ConfigError(
    'INPUT_INVALID',
    path,
    `agent "${agent}": ${path}: ${issue?.message}, got ${describe(input)}`,
    {
      received: describe(input),
    },
  );
}

function pathOf(issue: SchemaIssue | undefined): string {
  const keys = issue?.path?.map((part) => (typeof part === 'object' ? part.key : part)) ?? [];
  return keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
}
