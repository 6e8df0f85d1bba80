import type { WorkflowEvent } from '../../../src/contract/workflow-events.ts';
import type { SimulatedStore } from './simulated-store.ts';

const ENDS: ReadonlySet<WorkflowEvent['type']> = new Set(['step-succeeded', 'step-failed', 'step-skipped']);

/**
 * Whether a nested run may be left where it is when a process dies. A step that is cancelled ends after its nested runs.
 * One that ends early (enough items, too many failures, a person skips it) does not wait for those that are left: they are
 * cancelled, and where the process dies before they have ended nobody looks after them.
 */
export function isLeftOver(nested: string, store: SimulatedStore): boolean {
  return store.streams.some((stream) => {
    if (!nested.startsWith(`${stream}/`)) return false;
    const [step] = nested.slice(stream.length + 1).split('/');
    return store
      .eventsOf(stream)
      .some((event) => 'step' in event && event.step === step && ENDS.has(event.type));
  });
}
