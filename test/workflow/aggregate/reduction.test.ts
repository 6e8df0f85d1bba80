import { expect, test } from 'vitest';
import { collect, stats } from '../../../src/workflow/aggregate/aggregations.ts';
import { Reduction, takeSteps } from '../../../src/workflow/aggregate/reduction.ts';

test('steps can be taken as soon as a part is complete, and values without a gap are one part', () => {
  const reduction = new Reduction<string, string[]>({ partItems: 4 });
  expect(reduction.add(3, 'd')).toEqual([]);
  expect(reduction.add(0, 'a')).toEqual([]);
  expect(reduction.skip(2)).toEqual([]);
  expect(reduction.waiting).toBe(2);
  expect(reduction.add(1, 'b')).toEqual([
    {
      kind: 'parts',
      part: 0,
      parts: [
        { from: 0, values: ['a', 'b'] },
        { from: 3, values: ['d'] },
      ],
    },
  ]);
});

test('gaps are counted, not silently absent', () => {
  const aggregation = collect<string>();
  const reduction = new Reduction<string, string[]>({ partItems: 2, fanIn: 2 });
  for (const [index, value] of ['a', undefined, undefined, undefined, 'e'].entries()) {
    takeSteps(
      aggregation,
      reduction,
      value === undefined ? reduction.skip(index) : reduction.add(index, value),
    );
  }
  takeSteps(aggregation, reduction, reduction.end(5));
  expect(reduction.finish(aggregation)).toEqual(['a', 'e']);
  expect(reduction.gaps).toBe(3);
});

test('of no items, or of gaps alone, the result is that of an empty accumulator', () => {
  for (const gaps of [0, 3]) {
    const reduction = new Reduction<number, ReturnType<ReturnType<typeof stats>['init']>>({ partItems: 2 });
    for (let index = 0; index < gaps; index += 1) expect(reduction.skip(index)).toEqual([]);
    expect(reduction.end(gaps)).toEqual([]);
    expect(reduction.finish(stats())).toMatchObject({ count: 0, sum: 0 });
  }
});

test('the end may come before the results', () => {
  const aggregation = collect<number>();
  const reduction = new Reduction<number, number[]>({ partItems: 2, fanIn: 2 });
  expect(reduction.end(3)).toEqual([]);
  for (const index of [2, 1, 0]) takeSteps(aggregation, reduction, reduction.add(index, index));
  expect(reduction.finish(aggregation)).toEqual([0, 1, 2]);
});

test('what is asked for too early, twice or beyond the end is a mistake', () => {
  const reduction = new Reduction<number, number[]>({ partItems: 2 });
  reduction.add(0, 0);
  expect(() => reduction.finish(collect())).toThrow('the reduction is not complete: 1 values wait');
  expect(() => reduction.add(0, 0)).toThrow('item 0 has come twice');
  reduction.end(2);
  expect(() => reduction.skip(2)).toThrow('there is no item 2');
  expect(() => reduction.end(2)).toThrow('end() was called twice');
});
