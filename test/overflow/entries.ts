import type { OverflowEntry } from '../../src/index.ts';

/** An entry for the agent `work`, unless told otherwise. */
export function entryOf(input: unknown, fields: Partial<OverflowEntry> = {}): OverflowEntry {
  return {
    target: 'work',
    input,
    priority: 0,
    tenant: undefined,
    timeoutMs: undefined,
    reason: 'over-limit',
    shedAtMs: 1_700_000_000_000,
    ...fields,
  };
}
