import { Ended } from '../contract/ended.ts';
import type { Outcome } from '../contract/outcome.ts';
import type { Usage } from '../contract/usage.ts';
import type { Spent } from '../contract/workflow-events.ts';

/** Adds up what the tasks of a step have used. */
export class SpentSum {
  #tasks = 0;
  #agent: string | undefined;
  #agents: Set<string> | undefined;
  #retries = 0;
  #usage: { -readonly [K in keyof Usage]-?: number } | undefined;

  add(outcome: Outcome): void {
    this.#tasks++;
    this.#retries += Ended.retriesOf(outcome);
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
    if (this.#tasks === 0 && this.#retries === 0 && this.#usage === undefined) return undefined;
    const agents =
      this.#agents === undefined ? this.#agent !== undefined && [this.#agent] : [...this.#agents];
    const spent: Spent = {
      tasks: this.#tasks,
      ...(agents && { agents }),
      ...(this.#retries > 0 && { retries: this.#retries }),
      ...this.#usage,
    };
    this.#tasks = 0;
    this.#agent = undefined;
    this.#agents = undefined;
    this.#retries = 0;
    this.#usage = undefined;
    return spent;
  }
}
