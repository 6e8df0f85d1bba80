import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../src/contract/errors.ts';
import type { Aggregation } from '../../../src/workflow/aggregate/aggregation.ts';
import { AggregationError } from '../../../src/workflow/aggregate/aggregation-error.ts';
import {
  aggregationFrom,
  collect,
  concat,
  fold,
  merge,
  reshape,
  stats,
  vote,
} from '../../../src/workflow/aggregate/aggregations.ts';
import { aggregateParts, finishWith } from '../../../src/workflow/aggregate/part.ts';
import { Reduction } from '../../../src/workflow/aggregate/reduction.ts';

function thrownBy(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

describe('an option that is not allowed is named, with what was expected and what came', () => {
  test.each<[() => unknown, string]>([
    [() => collect({ maxItems: 0 }), 'collect.maxItems: expected a whole number from 1 to 100000000, got 0'],
    [() => concat({ maxItem: 1 } as never), 'concat.maxItem: unknown option; did you mean "maxItems"?'],
    [
      () => merge({ by: '' }),
      "merge.by: expected a path such as 'score' or 'meta.score', or a function, got ''",
    ],
    [() => merge({ by: 'a..b' }), "merge.by: expected a path such as 'score'"],
    [
      () => merge({ similarity: { of: 'text', atLeast: 0 } }),
      'merge.similarity.atLeast: expected a number above 0, at most 1, got 0',
    ],
    [
      () => merge({ sort: { by: 'a', order: 'up' as 'asc' } }),
      "merge.sort.order: expected 'asc' or 'desc', got 'up'",
    ],
    [() => fold({ init: () => 0 } as never), 'fold.step: expected'],
    [() => stats({ percentiles: [101] }), 'stats.percentiles[0]: expected a number from 0 to 100, got 101'],
    [
      () => vote({ quorum: 1.5 }),
      'vote.quorum: expected a whole number of votes, a share above 0 and below 1',
    ],
    [() => reshape({} as never), 'reshape.schema: expected a Standard Schema'],
    [() => reshape(v.any(), {} as never), 'reshape.of: expected an aggregation, such as collect()'],
    [() => aggregationFrom({ kind: 'sum' } as never), "expected { kind: 'collect' }, { kind: 'concat' }"],
    [() => aggregationFrom({ kind: 'vote', by: (() => 1) as never }), 'spec.by: expected'],
    [() => new Reduction({ fanIn: 1 }), 'reduction.fanIn: expected a whole number from 2 to 1024, got 1'],
  ])('%s', (make, message) => {
    const error = thrownBy(make);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toContain(message);
  });
});

describe('an aggregation that throws on an item says which', () => {
  const wrong = 'wrong';
  test.each<[string, Aggregation<never, unknown, unknown>, readonly unknown[], string]>([
    ['concat', concat(), [[], [], 5], 'item 12: TypeError: expected an array, got number; use collect()'],
    [
      'merge',
      merge({ by: 'id' }),
      [{ id: 1 }, [{ id: {} }]],
      'item 11: TypeError: by: expected a text, a number or a boolean as key, got object',
    ],
    [
      'merge',
      merge({ sort: { by: 'at' } }),
      [{ at: [] }],
      'item 10: TypeError: sort.by: expected a number, a text or a date, got object',
    ],
    [
      'merge',
      merge({ similarity: { of: 'text', atLeast: 1 } }),
      [{ text: '' }, {}],
      'item 11: TypeError: similarity.of: expected a text, got undefined',
    ],
    ['stats', stats(), [1, 'x'], 'item 11: TypeError: expected a number within ±1e+290, got string'],
    ['stats', stats(), [Number.NaN], 'item 10: TypeError: expected a number within ±1e+290, got NaN'],
    [
      'vote',
      vote(),
      ['a', null],
      'item 11: TypeError: expected a text, a number or a boolean to vote for, got null',
    ],
    ['fold', fold({ init: () => 0, step: failOn(wrong) }), ['', wrong], 'item 11: Error: cannot take it'],
    [
      'fold',
      fold({ init: () => 0, step: failOn(wrong), combine: (a) => a }),
      ['', wrong],
      'item 11: Error: cannot take it',
    ],
    ['reshape', reshape(v.any(), concat()), [7], 'item 10: TypeError: expected an array, got number'],
  ])('%s: %#', (_, aggregation, values, message) => {
    const error = thrownBy(() =>
      finishWith(
        aggregation,
        aggregateParts(aggregation as never, [{ from: 10, values: values as never[] }]),
      ),
    );
    expect(error).toBeInstanceOf(AggregationError);
    expect(error).toMatchObject({
      code: 'AGGREGATION_FAILED',
      index: Number(/item (\d+)/.exec(message)![1]),
      aggregation: aggregation.name,
    });
    expect(error.message).toContain(message);
    expect(error.cause).toBeInstanceOf(Error);
  });
});

function failOn(wrong: unknown) {
  return (state: number, value: unknown): number => {
    if (value === wrong) throw new Error('cannot take it');
    return state;
  };
}

describe('more than is kept is an error, in every grouping', () => {
  test.each<[Aggregation<never, unknown, unknown>, readonly unknown[]]>([
    [collect({ maxItems: 3 }), [1, 2, 3, 4]],
    [
      concat({ maxItems: 3 }),
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [merge({ maxItems: 3, by: 'id' }), [{ id: 1 }, { id: 2 }, { id: 2 }, [{ id: 3 }, { id: 4 }]]],
    [fold({ init: () => 0, step: (n) => n, maxItems: 3 }), [1, 2, 3, 4]],
    [vote({ maxOptions: 3 }), ['a', 'b', 'c', 'd']],
  ])('%o', (aggregation, values) => {
    const made = aggregation as Aggregation<unknown, unknown, unknown>;
    const part = (from: number, to: number) =>
      aggregateParts(made, [{ from, values: values.slice(from, to) }]);
    for (let cut = 0; cut <= values.length; cut += 1) {
      const error = thrownBy(() => made.combine(part(0, cut), part(cut, values.length)));
      expect(error).toMatchObject({ code: 'AGGREGATION_LIMIT' });
      expect(error.message).toMatch(/more than 3 .*; raise (maxItems|maxOptions), or aggregate less at once/);
    }
  });
});

describe('reshape', () => {
  const Total = v.pipe(
    v.array(v.number()),
    v.transform((all) => ({ total: all.reduce((a, b) => a + b, 0) })),
  );
  const result = (values: readonly unknown[], schema: Parameters<typeof reshape>[0] = Total) => {
    const aggregation = reshape(schema);
    return finishWith(aggregation, aggregateParts(aggregation, [{ from: 0, values }]));
  };

  test('gives what the schema makes of the result', () => {
    expect(result([1, 2, 3])).toEqual({ total: 6 });
  });

  test('says where the result does not match', () => {
    expect(() => result([1, 'x'])).toThrow(
      'aggregation "reshape": the result does not match: 1: Invalid type: Expected number but received "x"',
    );
  });

  test('takes no asynchronous schema', () => {
    expect(() =>
      result(
        [],
        v.pipeAsync(
          v.any(),
          v.checkAsync(async () => false),
        ),
      ),
    ).toThrow('the schema is asynchronous; give one without asynchronous checks');
  });
});
