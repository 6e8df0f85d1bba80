import { describe, expect, test } from 'vitest';
import { openClaim, takeBackItems, takeItem, takenItems } from '../../src/load-table/claim-word.ts';

type Step = 'take' | 'take back';

/** Every order of `length` steps. */
function* orders(length: number): Generator<Step[]> {
  if (length === 0) yield [];
  else
    for (const rest of orders(length - 1))
      for (const step of ['take', 'take back'] as const) yield [...rest, step];
}

describe('the claim word', () => {
  test('gives every item to exactly one side, in any order of takes and take-backs', () => {
    for (let count = 0; count <= 4; count++) {
      for (const order of orders(6)) {
        const words = new Int32Array([openClaim(count)]);
        const taken: number[] = [];
        let end = count;
        for (const step of order) {
          if (step === 'take') {
            const item = takeItem(words, 0);
            if (item >= 0) taken.push(item);
            else expect(taken.length).toBe(end);
          } else {
            const kept = takeBackItems(words, 0);
            expect(kept).toBe(taken.length);
            end = kept;
          }
          expect(takenItems(words[0]!)).toBe(taken.length);
        }
        // The thread's items are [0, taken), one each in order; all others are the supervisor's or still open.
        expect(taken).toEqual(Array.from({ length: taken.length }, (_, i) => i));
        expect(taken.length).toBeLessThanOrEqual(end);
      }
    }
  });

  test('holds the largest batch without turning negative', () => {
    const words = new Int32Array([openClaim(32_767)]);
    const taken = Array.from({ length: 32_767 }, () => takeItem(words, 0));
    expect(taken.every((item, at) => item === at)).toBe(true);
    expect(takeItem(words, 0)).toBe(-1);
    expect(takeBackItems(words, 0)).toBe(32_767);
  });

  test('touches no word beside it', () => {
    const words = new Int32Array([7, openClaim(2), 7]);
    takeItem(words, 1);
    takeBackItems(words, 1);
    expect([...words]).toEqual([7, (1 << 16) | 1, 7]);
  });
});
