import type { Agent } from '../../src/contract/agent.ts';
import type { EngineOptions } from '../../src/contract/options.ts';
import { loadSpillway, type Spillway, type Subject } from '../subject.ts';
import type { Ending, OverloadContender } from './contender.ts';

const AGENT = 'work';

/** Spillway with one agent, whose name is given to `agentOf`. */
export function spillwayContender(
  name: string,
  subject: Subject,
  options: EngineOptions,
  agentOf: (spillway: Spillway, name: string) => Agent,
): OverloadContender {
  return {
    name,
    async open() {
      const spillway = await loadSpillway(subject);
      const agents: readonly Agent[] = [agentOf(spillway, AGENT)];
      const engine = await spillway.createEngine({ ...options, agents });
      return {
        async send(input, priority): Promise<Ending> {
          const outcome = await engine.submit(AGENT, input, { priority }).outcome;
          switch (outcome.status) {
            case 'completed':
              return { status: 'completed' };
            case 'rejected':
              return { status: 'rejected', retryAfterMs: outcome.error.retryAfterMs };
            default:
              return { status: 'failed' };
          }
        },
        close: () => engine.close({ timeoutMs: 1 }),
      };
    },
  };
}
