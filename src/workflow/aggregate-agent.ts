import { type AgentTypes, cpuAgent } from '../contract/agent.ts';
import { entryModule } from '../contract/entry-module.ts';
import type { AggregateWork } from './aggregate/aggregate-work.ts';

/** The agent that takes steps of reductions on threads. */
export function aggregateAgent(name = 'aggregate') {
  return cpuAgent(name, {
    module: entryModule('../../workers/aggregate-handler.ts', import.meta.url),
    types: {} as AgentTypes<AggregateWork, unknown>,
  });
}
