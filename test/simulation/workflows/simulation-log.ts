import type { ModelledWorkflow } from './random-workflow.ts';
import type { SimulatedStore } from './simulated-store.ts';

/** What was to be run, who asked for what, and what happened, a line each. */
export function logOf(
  workflows: Iterable<ModelledWorkflow>,
  asked: readonly string[],
  store: SimulatedStore,
): string {
  const definitions = [...workflows].flatMap(({ workflow: { id, onError, concurrency, steps } }) => [
    `${id}: onError ${onError}, concurrency ${concurrency}`,
    ...steps.map((step) => `  ${JSON.stringify(step, withoutFunctions)}`),
  ]);
  const events = store.streams.flatMap((stream) =>
    store.eventsOf(stream).map((event) => `${stream} ${JSON.stringify(event)}`),
  );
  return [...definitions, ...asked, ...events].join('\n');
}

function withoutFunctions(_: string, value: unknown): unknown {
  return typeof value === 'function' ? 'function' : value;
}
