import { describe, expect, test } from 'vitest';
import { FLAT_SHARE, memoryFigures } from '../../bench/chaos/memory.ts';
import { percentile } from '../../bench/chaos/report.ts';
import { ThreadWatch } from '../../bench/chaos/thread-watch.ts';

describe('memory', () => {
  const rising = Array.from({ length: 200 }, (_, i) => 100 + i / 4);
  test('is flat if the medians of the second half lie close together, whatever the first half did', () => {
    const settled = [...rising, ...Array.from({ length: 200 }, (_, i) => (i % 10 === 0 ? 400 : 150))];
    expect(memoryFigures(settled)).toEqual({
      windowsMb: [150, 150, 150, 150, 150],
      firstHalfMb: 124.875,
      rise: 0,
      isFlat: true,
    });
  });

  test('is not if it grows', () => {
    const { rise, isFlat } = memoryFigures(rising);
    expect(rise).toBeGreaterThan(FLAT_SHARE);
    expect(isFlat).toBe(false);
  });

  test('may fall', () => {
    expect(memoryFigures(rising.toReversed())).toMatchObject({ rise: 0, isFlat: true });
  });

  test('is not judged by a few samples', () => {
    expect(memoryFigures([1, 100])).toEqual({ windowsMb: [], firstHalfMb: 1, rise: 0, isFlat: true });
  });
});

describe('the watch over threads', () => {
  test('measures from each death to the thread that takes its place, and knows deaths by their agents', () => {
    let nowMs = 0;
    let isShort = true;
    const watch = new ThreadWatch(
      () => nowMs,
      () => isShort,
    );
    watch.ready();
    watch.lost({ threadId: 1, agent: 'exit', cause: undefined });
    nowMs = 10;
    watch.lost({ threadId: 2, agent: undefined, cause: undefined });
    watch.lost({ threadId: 3, agent: 'tiny', cause: new Error('why') });
    nowMs = 50;
    watch.ready();
    watch.ready();
    watch.recycling();
    nowMs = 60;
    watch.ready();
    isShort = false;
    watch.lost({ threadId: 4, agent: 'hang', cause: undefined });
    isShort = true;
    nowMs = 100;
    watch.lost({ threadId: 5, agent: 'hang', cause: undefined });
    nowMs = 120;
    watch.ready();
    expect(watch.replacedAfterMs).toEqual([50, 40, 50, 70]);
    expect(watch.recycled).toBe(1);
    expect(watch.deaths).toMatchObject({ exit: 1, stuck: 1, hang: 2 });
    expect(watch.unexpected).toEqual(['agent "tiny": Error: why']);
    expect(watch.total).toBe(5);
  });
});

test('a percentile is one of the values', () => {
  expect(percentile([3, 1, 2], 0.5)).toBe(2);
  expect(percentile([3, 1, 2], 1)).toBe(3);
  expect(percentile([], 0.5)).toBe(0);
});
