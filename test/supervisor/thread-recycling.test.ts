import { describe, expect, it } from 'vitest';
import { emptyPicture } from '../../src/load-table/reader.ts';
import { recyclingOf } from '../../src/supervisor/thread-recycling.ts';

const MEGABYTE = 2 ** 20;
const seen = {
  ...emptyPicture(0),
  heapUsedBytes: 64 * MEGABYTE,
  externalBytes: 32 * MEGABYTE,
  started: 1_000,
};

describe('a thread is to be replaced', () => {
  it.each([
    ['heap', { heapMb: 63 }],
    ['external', { externalMb: 31.9 }],
    ['tasks', { tasks: 1_000 }],
  ])('for its %s, with what the load table shows', (reason, bounds) => {
    expect(recyclingOf(seen, bounds)).toEqual({
      reason,
      heapUsedBytes: seen.heapUsedBytes,
      externalBytes: seen.externalBytes,
      tasks: 1_000,
    });
  });

  it('not while it is within its bounds, nor where there are none', () => {
    expect(recyclingOf(seen, { heapMb: 64, externalMb: 32, tasks: 1_001 })).toBeUndefined();
    expect(recyclingOf(seen, {})).toBeUndefined();
  });
});
