import fc from 'fast-check';
import type { Aggregation } from '../../../src/workflow/aggregate/aggregation.ts';
import { collect, concat, fold, merge, stats, vote } from '../../../src/workflow/aggregate/aggregations.ts';

/** What agents of the tests find. */
export interface Finding {
  readonly id: string;
  readonly score: number | null;
  readonly text: string;
  readonly meta: { readonly at: string };
}

const WORDS = ['tide', 'Tides', 'moon', 'harbor', 'storm', 'storms'];
export const finding: fc.Arbitrary<Finding> = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  score: fc.constantFrom(0, 0.5, 1, null),
  text: fc.array(fc.constantFrom(...WORDS), { maxLength: 4 }).map((words) => words.join(' ')),
  meta: fc.record({ at: fc.constantFrom('2026-01-01', '2026-01-02') }),
});
const double = fc.double({ min: -1e200, max: 1e200, noNaN: true });

/** An aggregation, and what its values may be. */
export interface Sample {
  readonly made: Aggregation<never, unknown, unknown>;
  readonly values: fc.Arbitrary<readonly unknown[]>;
  /** Made of functions, where there is a version of paths. */
  readonly byFunctions?: Aggregation<never, unknown, unknown>;
}

const list = (value: fc.Arbitrary<unknown>) => fc.array(value, { maxLength: 40 });
const sample = (made: unknown, values: fc.Arbitrary<readonly unknown[]>, byFunctions?: unknown): Sample =>
  ({ made, values, ...(byFunctions !== undefined && { byFunctions }) }) as Sample;
const findings = list(fc.oneof(finding, fc.array(finding, { maxLength: 4 })));

export const SAMPLES: Readonly<Record<string, Sample>> = {
  collect: sample(collect(), list(fc.anything({ maxDepth: 1 }))),
  concat: sample(concat(), list(fc.array(fc.integer(), { maxLength: 5 }))),
  merge: sample(merge(), findings),
  'merge by key': sample(
    merge({ by: 'id', sort: { by: 'score' } }),
    findings,
    merge<Finding>({ by: ({ id }) => id, sort: { by: ({ score }) => score } }),
  ),
  'merge, the first few': sample(
    merge({ by: 'id', sort: { by: 'meta.at', order: 'asc' }, limit: 3 }),
    findings,
    merge<Finding>({ by: ({ id }) => id, sort: { by: ({ meta }) => meta.at, order: 'asc' }, limit: 3 }),
  ),
  'merge, the first few of all': sample(
    merge({ sort: { by: 'score' }, limit: 2 }),
    findings,
    merge<Finding>({ sort: { by: ({ score }) => score }, limit: 2 }),
  ),
  'merge by similarity': sample(
    merge({ similarity: { of: 'text', atLeast: 0.6 }, sort: { by: 'score', order: 'desc' } }),
    findings,
    merge<Finding>({
      similarity: { of: ({ text }) => text, atLeast: 0.6 },
      sort: { by: ({ score }) => score, order: 'desc' },
    }),
  ),
  'fold at the end': sample(
    fold<number, string>({ init: () => '', step: (text, value, index) => `${text}${index}:${value} ` }),
    list(fc.integer()),
  ),
  'fold in parts': sample(
    fold<number, string>({
      init: () => '',
      step: (text, value, index) => `${text}${index}:${value} `,
      combine: (left, right) => left + right,
    }),
    list(fc.integer()),
  ),
  stats: sample(stats({ percentiles: [0, 12.5, 50, 99.9, 100] }), list(double)),
  'stats of a field': sample(
    stats({ of: 'text.length' }),
    list(fc.record({ text: fc.record({ length: double }) })),
    stats<{ text: { length: number } }>({ of: ({ text }) => text.length }),
  ),
  'stats in buckets': sample(stats({ exactUpTo: 5 }), list(double)),
  vote: sample(vote({ quorum: 'majority' }), list(fc.constantFrom('a', 'b', 1, '1', true))),
  'vote of a field': sample(
    vote({ by: 'id', quorum: 0.4, of: 20 }),
    list(finding),
    vote<Finding>({ by: ({ id }) => id, quorum: 0.4, of: 20 }),
  ),
};
