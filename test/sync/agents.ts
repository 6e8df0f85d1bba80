import { type CpuAgentOptions, cpuAgent } from '../../src/index.ts';

const HANDLERS = new URL('../fixtures/sync-handlers.mjs', import.meta.url);

/** The agent of an export of sync-handlers.mjs, by its name. */
export function locking(name: string, options: Partial<CpuAgentOptions<unknown, unknown>> = {}) {
  const { capabilities: _, ...others } = options;
  return cpuAgent<string, unknown, unknown>(name, { module: HANDLERS, export: name, ...others });
}
