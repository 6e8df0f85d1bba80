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
    this.#retries += Math.max(0, outcome.attempts.length - 1);
    const { agent } = outcome;
    if (agent !== undefined && agent !== this.#agent) {
      if (this.#agent === undefined) {
        this.#agent = agent;
      } else {
        this.#agents ??= new Set([this.#agent]);
        this.#agents.add(agent);
      }
    }
    const { usage } = outcome as { readonly usage?: Usage };
    if (usage === undefined) return;
    this.#usage ??= { inputTokens: 0, outputTokens: 0, costUsd: 0 };
    this.#usage.inputTokens += usage.inputTokens ?? 0;
    this.#usage.outputTokens += usage.outputTokens ?? 0;
    this.#usage.costUsd += usage.costUsd ?? 0;
  }

  addRetries(count: number): void {
    this.#retries += count;
  }

  /** What there is so far, and begins anew. */
  take(): Spent | undefined {
    if (this.#tasks === 0 && this.#retries === 0) return undefined;
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
