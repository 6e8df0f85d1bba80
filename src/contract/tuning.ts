import type { Agent } from './agent.ts';
import { parseConfig } from './config-schema.ts';
import type { EngineOptions } from './options.ts';
import { readConfig } from './read-config.ts';
import type { SpillwayConfig } from './tuned-config.ts';

/** What of the options of an agent a configuration decides. */
export interface TunedAgentOptions {
  /** Of agents on the event loop. */
  readonly limit?: number;
  readonly timeoutMs: number;
}

/** A tuned configuration as options of an engine and of its agents. */
export class Tuning {
  private readonly config: SpillwayConfig;
  /** By name. Those that are not registered do no harm. */
  readonly agents: ReadonlyMap<string, TunedAgentOptions>;

  constructor(config: SpillwayConfig) {
    this.config = config;
    this.agents = new Map(
      config.agents.map(({ name, limit, timeoutMs }) => [
        name,
        { timeoutMs: timeoutMs.value, ...(limit !== null && { limit: limit.value }) },
      ]),
    );
  }

  /** The options of an engine that has no others. */
  get engine(): Required<Pick<EngineOptions, 'threads' | 'queue' | 'slo' | 'admission' | 'batch'>> {
    const { threads, queueLimit, threshold, quantumMs, objective } = this.config;
    return {
      threads: { count: threads.value },
      queue: { limit: queueLimit.value },
      slo: { p99Ms: objective.sloP99Ms },
      admission: { policy: 'fixed', threshold: threshold.value, capacity: queueLimit.value },
      batch: { quantumMs: quantumMs.value },
    };
  }

  /** The options with what they leave open filled in. */
  complete(options: EngineOptions): EngineOptions {
    const { threads, queue, slo, admission, batch } = this.engine;
    return {
      ...options,
      threads: { ...threads, ...given(options.threads) },
      queue: { ...queue, ...given(options.queue) },
      batch: { ...batch, ...given(options.batch) },
      slo: options.slo ?? slo,
      admission: options.admission ?? admission,
    };
  }

  /** The agent with what its options leave open filled in. */
  readonly agent = (agent: Agent): Agent => {
    const tuned = this.agents.get(agent.name);
    if (tuned === undefined) return agent;
    return { ...agent, options: { ...tuned, ...given(agent.options) } } as Agent;
  };
}

/** An option that is there as `undefined` is left open, too. */
function given<T extends object>(options: T | undefined): Partial<T> {
  const entries = Object.entries(options ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<T>;
}

/**
 * What the option `config` of an engine stands for.
 * @throws SpillwayError `REPORT_UNREADABLE`; ConfigError as `readConfig`
 */
export async function tuningOf(config: SpillwayConfig | string | URL): Promise<Tuning> {
  const isFile = typeof config === 'string' || config instanceof URL;
  return new Tuning(isFile ? await readConfig(config) : parseConfig(config, 'config'));
}
