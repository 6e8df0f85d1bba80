import { resolve } from 'node:path';
import type { Agent } from '../contract/agent.ts';
import { readConfig } from '../contract/read-config.ts';
import { Tuning } from '../contract/tuning.ts';
import type { LoadOptions } from './options.ts';

/** What of the options of a load run a tuned configuration stands for. */
export type TunedLoadOptions = Required<
  Pick<LoadOptions, 'threads' | 'queueLimit' | 'policy' | 'threshold' | 'quantumMs' | 'sloP99Ms'>
>;

/** A tuned configuration, as a load run uses it. */
export interface TunedLoad {
  readonly options: TunedLoadOptions;
  readonly tuning: Tuning;
}

/**
 * Reads the configuration that the options name, if they name one.
 * @throws SpillwayError `REPORT_UNREADABLE`; ConfigError if it is wrong or from another version
 */
export async function tunedLoad({ config, cwd }: LoadOptions): Promise<TunedLoad | undefined> {
  if (config === undefined) return undefined;
  const read = await readConfig(resolve(cwd, config));
  const { threads, queueLimit, threshold, quantumMs, objective } = read;
  return {
    options: {
      threads: threads.value,
      queueLimit: queueLimit.value,
      // The share of the queue's limit that it was computed for.
      policy: 'fixed',
      threshold: threshold.value,
      quantumMs: quantumMs.value,
      sloP99Ms: objective.sloP99Ms,
    },
    tuning: new Tuning(read),
  };
}

/**
 * The agents with the limits and timeouts of the configuration. Unlike in an engine they come before an agent's own: the
 * run is to show what the configuration does. What is given to the run comes first all the same.
 */
export function tunedAgents(
  agents: readonly Agent[],
  tuned: TunedLoad | undefined,
  given: LoadOptions,
): readonly Agent[] {
  if (tuned === undefined) return agents;
  const keepsLimit = given.target === 'upstream' && given.upstream?.concurrency !== undefined;
  return agents.map((agent): Agent => {
    const { limit, timeoutMs } = tuned.tuning.agents.get(agent.name) ?? {};
    const options = {
      ...agent.options,
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(limit !== undefined && !keepsLimit && { limit }),
    };
    return { ...agent, options } as Agent;
  });
}
