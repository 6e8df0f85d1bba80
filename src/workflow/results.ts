import type { StepResult } from '../contract/workflow.ts';
import type { WorkflowEvent } from '../contract/workflow-events.ts';
import type { Plan } from './plan.ts';

/** What ended, of everything that happened. */
export async function* resultsOf(
  events: AsyncIterable<WorkflowEvent>,
  plan: Plan,
): AsyncIterableIterator<StepResult> {
  for await (const event of events) {
    switch (event.type) {
      case 'step-succeeded': {
        // A map's items have been told one by one.
        const isMap = plan.steps[plan.indexOf.get(event.step)!]!.definition.kind === 'map';
        yield { step: event.step, status: 'succeeded', ...(!isMap && { value: event.output }) };
        break;
      }
      case 'step-failed':
        yield { step: event.step, status: 'failed', error: event.error };
        break;
      case 'step-skipped':
        yield {
          step: event.step,
          status: 'skipped',
          error: event.error,
          ...('value' in event && { value: event.value }),
        };
        break;
      case 'step-cancelled':
        yield { step: event.step, status: 'cancelled', error: event.error };
        break;
      case 'items-ended':
        for (const [at, item] of event.items.entries()) {
          yield { step: event.step, item, status: 'succeeded', value: event.values[at] };
        }
        for (const error of event.failures)
          yield { step: event.step, item: error.item!, status: 'failed', error };
        break;
    }
  }
}
