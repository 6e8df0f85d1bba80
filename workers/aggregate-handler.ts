import { type AggregateWork, aggregateWork } from '../src/workflow/aggregate/aggregate-work.ts';

/** CPU agent of workflows: one step of a reduction. */
export default function aggregate(work: AggregateWork): unknown {
  return aggregateWork(work);
}
