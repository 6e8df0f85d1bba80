import { ConfigError } from '../contract/errors.ts';
import { describe } from '../contract/option-issue.ts';
import type { SchemaIssue, StandardSchema } from '../contract/standard-schema.ts';
import type { Task } from '../contract/task.ts';
import type { InputsByAgent } from '../contract/task-extras.ts';
import type { AgentEntry } from './agent-entry.ts';
import type { Route } from './route.ts';

/** What a task for several agents waits with: its input as the schema of each makes it. */
class DraftInputs implements InputsByAgent {
  readonly original: unknown;
  readonly byAgent = new Map<AgentEntry, unknown>();
  constructor(original: unknown) {
    this.original = original;
  }
}

/**
 * Checks the input against the schemas of all agents that may take the task.
 * @returns What `new Task` is to be given: the input as the one agent's schema returns it, or a draft for `keepInputs`.
 * @throws ConfigError INPUT_INVALID that names the field.
 */
export function validInput(route: Route, input: unknown): unknown {
  if (!route.hasSchema) return input;
  if (route.kind === 'agent') return inputFor(route.agents[0]!, input);
  const draft = new DraftInputs(input);
  for (const agent of route.agents) draft.byAgent.set(agent, inputFor(agent, input));
  return draft;
}

/** Keeps the inputs for several agents beside the task until one of them takes it. */
export function keepInputs(task: Task): void {
  const { payload } = task;
  if (!(payload instanceof DraftInputs)) return;
  task.more.inputs = payload;
  task.payload = payload.original;
}

/** The input as the caller gave it, of a task that has not ended. */
export function originalInput({ extras, payload }: Task): unknown {
  if (extras?.asked !== undefined) return extras.asked.input;
  return extras?.inputs === undefined ? payload : extras.inputs.original;
}

/**
 * Makes the task's input what the schema of the agent that takes it makes of it.
 * @throws ConfigError INPUT_INVALID for an agent that has joined since the task was submitted.
 */
export function adaptInput(task: Task, agent: AgentEntry): void {
  // It may have been submitted while no agent had a schema.
  let inputs = task.extras?.inputs;
  if (inputs === undefined) {
    if (agent.schema === undefined || (task.target as Route).kind === 'agent') return;
    inputs = new DraftInputs(task.payload);
    task.more.inputs = inputs;
  }
  task.payload = inputs.byAgent.has(agent) ? inputs.byAgent.get(agent) : inputFor(agent, inputs.original);
}

/** @throws ConfigError INPUT_INVALID */
export function inputFor(agent: AgentEntry, input: unknown): unknown {
  return agent.schema === undefined ? input : validate(agent.name, agent.schema, input);
}

function validate(agent: string, schema: StandardSchema, input: unknown): unknown {
  const result = schema['~standard'].validate(input);
  if (result instanceof Promise) {
    result.catch(() => undefined);
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
