import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { vote } from '../../../src/workflow/aggregate/aggregations.ts';
import { aggregateParts } from '../../../src/workflow/aggregate/part.ts';
import { type QuorumOptions, quorumOutlook, votesNeeded } from '../../../src/workflow/aggregate/quorum.ts';
import type { Ballot, VoteOptions } from '../../../src/workflow/aggregate/vote.ts';

function result(values: readonly Ballot[], options: VoteOptions<Ballot> = {}) {
  const aggregation = vote<Ballot>(options);
  return aggregation.finish(aggregateParts(aggregation, [{ from: 0, values }]));
}

test('most votes win', () => {
  expect(result(['b', 'a', 'a', 'c'], { quorum: 'majority' })).toEqual({
    winner: 'a',
    votes: 2,
    total: 4,
    confidence: 0.5,
    tally: [
      { option: 'a', votes: 2, first: 1 },
      { option: 'b', votes: 1, first: 0 },
      { option: 'c', votes: 1, first: 3 },
    ],
    reached: false,
    tie: false,
  });
});

test('a tie is said to be one, and goes to the option whose first vote has the lowest index', () => {
  expect(result(['b', 'a', 'a', 'b'])).toMatchObject({ winner: 'b', votes: 2, tie: true });
});

test('without a vote nothing wins', () => {
  expect(result([])).toEqual({
    winner: undefined,
    votes: 0,
    total: 0,
    confidence: 0,
    tally: [],
    reached: false,
    tie: false,
  });
});

test.each<[QuorumOptions, number, number]>([
  [{}, 9, 1],
  [{ quorum: 3 }, 9, 3],
  [{ quorum: 'majority' }, 4, 3],
  [{ quorum: 'majority' }, 5, 3],
  [{ quorum: 'majority', of: 9 }, 5, 5],
  [{ quorum: 0.5 }, 4, 2],
  [{ quorum: 2 / 3 }, 3, 2],
  [{ quorum: 0.07 }, 100, 7],
  [{ quorum: 0.1 }, 0, 1],
])('with %j and %i votes cast, the winner needs %i', (options, cast, needed) => {
  expect(votesNeeded(options, cast)).toBe(needed);
});

describe('the outlook of a vote', () => {
  test.each([
    [{ quorum: 3 }, { first: 3, second: 0, total: 3 }, 2, 'decided'],
    [{ quorum: 2 }, { first: 2, second: 1, total: 3 }, 2, 'reached'],
    [{ quorum: 3 }, { first: 2, second: 1, total: 3 }, 1, 'open'],
    [{ quorum: 3 }, { first: 1, second: 1, total: 2 }, 1, 'impossible'],
    [{ quorum: 'majority', of: 5 }, { first: 3, second: 1, total: 4 }, 1, 'decided'],
    [{ quorum: 'majority' }, { first: 2, second: 2, total: 4 }, 1, 'open'],
    [{}, { first: 0, second: 0, total: 0 }, 0, 'impossible'],
  ] as const)('with %j at %j and %i votes to come is: %s', (options, at, outstanding, outlook) => {
    expect(quorumOutlook(options, at, outstanding)).toBe(outlook);
  });

  test('that it is decided or impossible holds, whichever votes are still cast', () => {
    const ballot = fc.constantFrom('a', 'b', 'c');
    const options = fc.record(
      {
        quorum: fc.constantFrom<number | 'majority'>(1, 2, 3, 0.3, 0.5, 0.75, 'majority'),
        of: fc.integer({ min: 6, max: 12 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        options,
        fc.array(ballot, { maxLength: 6 }),
        fc.array(fc.option(ballot), { maxLength: 6 }),
        fc.nat(6),
        (quorum, cast, later, rotation) => {
          const aggregation = vote<string>(quorum as VoteOptions<string>);
          // Votes to come may have lower indexes than those that have come.
          const all = [...cast, ...later].map((value, i, { length }) => ({
            value,
            index: (i + rotation) % length,
          }));
          let state = aggregation.init();
          for (const { value, index } of all.slice(0, cast.length))
            state = aggregation.add(state, value!, index);
          const outlook = aggregation.outlook(state, later.length);
          const winner = aggregation.finish(state).winner;
          for (const { value, index } of all.slice(cast.length)) {
            if (value !== null) state = aggregation.add(state, value, index);
          }
          const end = aggregation.finish(state);
          if (outlook === 'decided') expect(end).toMatchObject({ winner, reached: true });
          if (outlook === 'reached') expect(end.reached).toBe(true);
          if (outlook === 'impossible') expect(end.reached).toBe(false);
        },
      ),
      { numRuns: 500 },
    );
  });
});
