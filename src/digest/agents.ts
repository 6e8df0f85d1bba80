import { type AgentTypes, cpuAgent, ioAgent } from '../contract/agent.ts';
import { entryModule } from '../contract/entry-module.ts';
import type { Fingerprint } from './fingerprint.ts';
import { DEADLINE_TRIES, type ModelClient, type Summary } from './model-client.ts';
import type { TermCounts } from './terms.ts';

/** The three agents that work on every chunk; each takes its text. */
export function digestAgents(model: ModelClient, options: { concurrency: number; timeoutMs: number }) {
  return [
    ioAgent('summarize', {
      run: (text: string, ctx): Promise<Summary> => model.summarize(text, ctx.signal),
      limit: options.concurrency,
      timeoutMs: options.timeoutMs * DEADLINE_TRIES,
    }),
    cpuAgent('terms', {
      module: entryModule('../../workers/digest-terms.ts', import.meta.url),
      types: {} as AgentTypes<string, TermCounts>,
    }),
    cpuAgent('fingerprint', {
      module: entryModule('../../workers/digest-fingerprint.ts', import.meta.url),
      types: {} as AgentTypes<string, Fingerprint>,
    }),
  ] as const;
}

/** Names of the agents, in the order of reports. */
export const AGENT_NAMES = ['summarize', 'terms', 'fingerprint'] as const;
export type AgentName = (typeof AGENT_NAMES)[number];
