import type { Completion } from '../contract/end-listener.ts';
import { Ended } from '../contract/ended.ts';
import type { Outcome } from '../contract/outcome.ts';
import type { Usage } from '../contract/usage.ts';
import type { StepError, WorkflowResult } from '../contract/workflow.ts';
import { WORKFLOW_DEFAULTS } from '../contract/workflow-definition.ts';
import type { Spent } from '../contract/workflow-events.ts';

/** Adds up what the tasks of a step have used. */
export class SpentSum {
  #tasks = 0;
  #agent: string | undefined;
  #agents: Set<string> | undefined;
  #retries = 0;
  #errors: StepError[] = [];
  #needsAttention: StepError[] = [];
  #usage: { -readonly [K in keyof Usage]-?: number } | undefined;

  add(outcome: Completion | Outcome): void {
    this.#tasks++;
    this.#retries += 'retries' in outcome ? outcome.retries : Ended.retriesOf(outcome);
    if (outcome.agent !== undefined) this.#addAgent(outcome.agent);
    if (outcome.usage !== undefined) this.#addUsage(outcome.usage);
  }

  #addAgent(agent: string): void {
    if (agent === this.#agent) return;
    if (this.#agent === undefined) {
      this.#agent = agent;
      return;
    }
    this.#agents ??= new Set([this.#agent]);
    this.#agents.add(agent);
  }

  /** A nested workflow has ended: what it used, and what went wrong inside of it if it goes on all the same. */
  addRun({ status, metadata, errors, needsAttention }: WorkflowResult, path: string): void {
    this.#tasks += metadata.tasks;
    this.#retries += metadata.retries;
    for (const agent of metadata.agents) this.#addAgent(agent);
    this.#addUsage(metadata.cost);
    const inside = (error: StepError): StepError => ({ ...error, step: `${path}/${error.step}` });
    const room = WORKFLOW_DEFAULTS.errors - this.#errors.length;
    if (status === 'partial') this.#errors.push(...errors.slice(0, room).map(inside));
    this.#needsAttention.push(...needsAttention.map(inside));
  }

  #addUsage({ inputTokens, outputTokens, costUsd }: Usage): void {
    if (inputTokens === undefined && outputTokens === undefined && costUsd === undefined) return;
    this.#usage ??= { inputTokens: 0, outputTokens: 0, costUsd: 0 };
    this.#usage.inputTokens += inputTokens ?? 0;
    this.#usage.outputTokens += outputTokens ?? 0;
    this.#usage.costUsd += costUsd ?? 0;
  }

  /** What another one had gathered. */
  addAll(spent: Spent | undefined): void {
    if (spent === undefined) return;
    this.#tasks += spent.tasks;
    this.#retries += spent.retries ?? 0;
    for (const agent of spent.agents ?? []) this.#addAgent(agent);
    this.#addUsage(spent);
  }

  addRetries(count: number): void {
    this.#retries += count;
  }

  /** What there is so far, and begins anew. */
  take(): Spent | undefined {
    const isUsed = this.#tasks > 0 || this.#retries > 0 || this.#usage !== undefined;
    const isTold = this.#errors.length > 0 || this.#needsAttention.length > 0;
    if (!isUsed && !isTold) return undefined;
    const agents =
      this.#agents === undefined ? this.#agent !== undefined && [this.#agent] : [...this.#agents];
    const spent: Spent = {
      tasks: this.#tasks,
      ...(agents && { agents }),
      ...(this.#retries > 0 && { retries: this.#retries }),
      ...this.#usage,
      ...(this.#errors.length > 0 && { errors: this.#errors }),
      ...(this.#needsAttention.length > 0 && { needsAttention: this.#needsAttention }),
    };
    this.#errors = [];
    this.#needsAttention = [];
    this.#tasks = 0;
    this.#agent = undefined;
    this.#agents = undefined;
    this.#retries = 0;
    this.#usage = undefined;
    return spent;
  }
}
