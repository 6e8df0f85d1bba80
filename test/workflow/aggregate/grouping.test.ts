import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Aggregation, AggregationSpec } from '../../../src/workflow/aggregate/aggregation.ts';
import { aggregationFrom } from '../../../src/workflow/aggregate/aggregations.ts';
import { addTo, aggregateParts, finishWith } from '../../../src/workflow/aggregate/part.ts';
import { Reduction, takeStep } from '../../../src/workflow/aggregate/reduction.ts';
import { SAMPLES } from './samples.ts';

type Any = Aggregation<unknown, unknown, unknown>;

/** One after another; what all others have to be equal to. */
function inTurn(made: Any, values: readonly unknown[], missing: ReadonlySet<number> = new Set()): unknown {
  let state = made.init();
  for (const [index, value] of structuredClone(values).entries()) {
    if (!missing.has(index)) state = addTo(made, state, value, index);
  }
  return made.finish(state);
}

/** Split at random, and combined in a random grouping; clones on the way, as on threads. */
function grouped(made: Any, values: readonly unknown[], from: number, random: () => number): unknown {
  if (values.length <= 1 || random() < 0.2) {
    return structuredClone(aggregateParts(made, [{ from, values: structuredClone(values) }]));
  }
  const cut = Math.floor(random() * (values.length + 1));
  const left = grouped(made, values.slice(0, cut), from, random);
  const right = grouped(made, values.slice(cut), from + cut, random);
  return structuredClone(made.combine(left, right));
}

/** Results come, and steps end, in a random order. */
function outOfOrder(
  made: Any,
  values: readonly unknown[],
  missing: ReadonlySet<number>,
  options: { partItems: number; fanIn: number },
  random: () => number,
): { readonly result: unknown; readonly gaps: number } {
  const reduction = new Reduction<unknown, unknown>(options);
  const open: (() => readonly unknown[])[] = values.map((value, index) => () => {
    if (missing.has(index)) return reduction.skip(index);
    return reduction.add(index, structuredClone(value));
  });
  open.push(() => reduction.end(values.length));
  while (open.length > 0) {
    const [event] = open.splice(Math.floor(random() * open.length), 1);
    for (const step of event!() as ReturnType<typeof reduction.end>) {
      open.push(() => reduction.done(step, structuredClone(takeStep(made, step))));
    }
  }
  expect(reduction.waiting).toBe(0);
  return { result: reduction.finish(made), gaps: reduction.gaps };
}

const numbers = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));
const draws = (stream: fc.Stream<number>) => () => stream.next().value as number;

describe.each(Object.entries(SAMPLES))('%s', (_, { made, values, byFunctions }) => {
  const aggregation = made as unknown as Any;

  test('gives the same in any grouping', () => {
    fc.assert(
      fc.property(values, numbers, (items, stream) => {
        const state = grouped(aggregation, items, 0, draws(stream));
        expect(finishWith(aggregation, state)).toEqual(inTurn(aggregation, items));
      }),
      { numRuns: 60 },
    );
  });

  test('gives the same in any order of arrival, with gaps', () => {
    const options = fc.record({
      partItems: fc.integer({ min: 1, max: 9 }),
      fanIn: fc.integer({ min: 2, max: 5 }),
    });
    fc.assert(
      fc.property(values, fc.uniqueArray(fc.nat(39)), options, numbers, (items, lost, shape, stream) => {
        const missing = new Set(lost.filter((index) => index < items.length));
        const { result, gaps } = outOfOrder(aggregation, items, missing, shape, draws(stream));
        expect(result).toEqual(inTurn(aggregation, items, missing));
        expect(gaps).toBe(missing.size);
      }),
      { numRuns: 60 },
    );
  });

  test('equals the version that is rebuilt from its spec', () => {
    if (aggregation.spec === undefined) return expect(aggregation.name).toBe('fold');
    const spec: AggregationSpec = JSON.parse(JSON.stringify(aggregation.spec));
    const rebuilt = aggregationFrom(spec);
    expect(rebuilt.spec).toEqual(spec);
    fc.assert(
      fc.property(values, (items) => {
        expect(inTurn(rebuilt, items)).toEqual(inTurn(aggregation, items));
      }),
      { numRuns: 30 },
    );
  });

  if (byFunctions !== undefined) {
    test('equals the version of functions, which has no spec', () => {
      expect(byFunctions.spec).toBe(undefined);
      fc.assert(
        fc.property(values, (items) => {
          expect(inTurn(byFunctions as unknown as Any, items)).toEqual(inTurn(aggregation, items));
        }),
        { numRuns: 30 },
      );
    });
  }
});
