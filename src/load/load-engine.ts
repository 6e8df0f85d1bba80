import type { Agent } from '../contract/agent.ts';
import type { Engine } from '../contract/engine.ts';
import type { EngineOptions } from '../contract/options.ts';
import { createEngine } from '../engine.ts';
import type { FullLoadOptions } from './options.ts';

/** The engine that the load is for. */
export function loadEngine(options: FullLoadOptions, agents: readonly Agent[]): Promise<Engine> {
  const { threads, queueLimit, quantumMs, sloP99Ms } = options;
  return createEngine({
    agents,
    threads: { count: threads },
    queue: { limit: queueLimit },
    batch: { quantumMs },
    ...(sloP99Ms !== undefined && { slo: { p99Ms: sloP99Ms } }),
    admission: admissionOf(options),
  });
}

function admissionOf({ policy, threshold }: FullLoadOptions): NonNullable<EngineOptions['admission']> {
  return policy === 'fixed' ? { policy, threshold } : { policy };
}
