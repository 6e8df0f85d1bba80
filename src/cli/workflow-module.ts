import type { Agent } from '../contract/agent.ts';
import { describe } from '../contract/option-issue.ts';
import type { EngineOptions } from '../contract/options.ts';
import type { Workflow } from '../contract/workflow-definition.ts';
import { checkAgentList, importOwn, wrongModule } from '../load/own-module.ts';
import { isWorkflow } from '../workflow/check-step.ts';

/** What a user's module of a workflow has. */
export interface WorkflowModule {
  readonly workflow: Workflow;
  readonly agents: readonly Agent[];
  readonly engine: EngineOptions;
  /** `undefined` if it names none. */
  readonly input: unknown;
}

/** @throws ConfigError that names the export which is missing or of no use */
export async function loadWorkflowModule(path: string, cwd: string): Promise<WorkflowModule> {
  const exported = await importOwn(path, cwd);
  const whole = isPlain(exported.default) && !isWorkflow(exported.default) ? exported.default : undefined;
  const own = { ...exported, ...whole };
  const workflow = own.workflow ?? exported.default;
  if (!isWorkflow(workflow)) {
    const expected = 'expected an export `workflow`, made with workflow(...).build()';
    throw wrongModule(path, `${expected}; workflow is ${describe(workflow)}${hint(workflow)}`);
  }
  const { engine = {} } = own;
  if (!isPlain(engine)) {
    throw wrongModule(path, `expected \`engine\` to be options of createEngine(), got ${describe(engine)}`);
  }
  const agents = own.agents ?? engine.agents ?? workflow.agents;
  if (!Array.isArray(agents)) {
    const expected = 'expected an export `agents`, a list made with ioAgent() or cpuAgent()';
    throw wrongModule(path, `${expected}; agents is ${describe(agents)}`);
  }
  checkAgentList(agents, path);
  return { workflow, agents, engine, input: own.input };
}

function hint(value: unknown): string {
  return isPlain(value) && typeof value.build === 'function' ? '; call its build()' : '';
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
