import {
  type EngineEvents,
  type EngineOptions,
  ioAgent,
  type OverflowEntry,
  type OverflowSink,
} from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';
import { deferred } from '../fixtures/waiting.ts';

/** Takes everything, and does nothing with it. */
export function sinkOf(
  fields: Partial<OverflowSink> = {},
): OverflowSink & { readonly taken: OverflowEntry[] } {
  const taken: OverflowEntry[] = [];
  return {
    taken,
    start: () => {},
    accept: (entry) => taken.push(entry) > 0,
    stats: () => ({ waiting: taken.length, setAside: 0, acknowledged: 0, bytes: 0 }),
    close: async () => {},
    ...fields,
  };
}

/** Has room for one task, which stays until the gate is opened. */
export const one: NonNullable<EngineOptions['admission']> = { policy: 'fixed', capacity: 1, threshold: 1 };
const gatedAgent = (gate: Promise<void>) => ioAgent('work', { run: (n: unknown) => gate.then(() => n) });

/** An engine that is full until the gate is opened. */
export async function full(overflow: OverflowSink) {
  const gate = deferred();
  const errors: EngineEvents['listenerError'][] = [];
  const engine = await engineOf([gatedAgent(gate.promise)], { admission: one, overflow });
  engine.on('listenerError', (event) => errors.push(event));
  engine.submit('work', 'inside');
  return { engine, gate, errors };
}
