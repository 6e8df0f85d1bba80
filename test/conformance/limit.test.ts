import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FixedLimit } from '../../src/admission/fixed-limit.ts';
import { NoLimit } from '../../src/admission/no-limit.ts';
import type { Limit, PermitOutcome } from '../../src/contract/limit.ts';

/** A limit as a user might write it: half of the places are for tasks of priority 0 and above. */
class ReservedLimit implements Limit {
  private inside = 0;

  private ceiling(level: number): number {
    return level < 0 ? 5 : 10;
  }

  acquire(level: number) {
    if (!this.hasRoom(level)) return { reason: 'over-limit', load: this.load(), retryAfterMs: 50 } as const;
    this.inside++;
    return undefined;
  }

  release(): void {
    this.inside--;
  }

  hasRoom(level: number): boolean {
    return this.inside < this.ceiling(level);
  }

  load(): number {
    return this.inside / 10;
  }
}

const limits: readonly (readonly [string, () => Limit, boolean])[] = [
  ['FixedLimit', () => new FixedLimit({ capacity: 20, threshold: 0.8 }), true],
  ['FixedLimit of one', () => new FixedLimit({ capacity: 1, threshold: 0.1 }), true],
  ['NoLimit', () => new NoLimit({ capacity: 20 }), false],
  ['a limit of the user', () => new ReservedLimit(), true],
];

const outcome = fc.constantFrom<PermitOutcome>('success', 'dropped', 'ignored');
const level = fc.constantFrom(-10, 0, 10);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ acquire: level }) },
  {
    weight: 2,
    arbitrary: fc.record({ release: outcome, stayMs: fc.double({ min: 0, max: 1e6, noNaN: true }) }),
  },
);

describe.each(limits)('%s', (_name, make, isBounded) => {
  it('says beforehand what it will do, and says why and when to come back', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const limit = make();
        let inside = 0;
        for (const now of steps) {
          if ('acquire' in now) {
            const room = limit.hasRoom(now.acquire);
            const shed = limit.acquire(now.acquire);
            expect(shed === undefined).toBe(room);
            if (shed === undefined) inside++;
            else {
              expect(shed.reason).toBe('over-limit');
              expect(shed.retryAfterMs).toBeGreaterThan(0);
              expect(shed.retryAfterMs).toBeLessThan(Number.POSITIVE_INFINITY);
              expect(shed.load).toBe(limit.load());
            }
          } else if (inside > 0) {
            limit.release(now.release, now.stayMs / 2, now.stayMs / 2);
            inside--;
          }
          expect(limit.load()).toBeGreaterThanOrEqual(0);
          if (isBounded) expect(limit.load()).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('gets every place back, whatever the outcome', () => {
    const limit = make();
    const fill = () => {
      let count = 0;
      while (count < 1_000 && limit.acquire(0) === undefined) count++;
      return count;
    };
    const first = fill();
    for (let i = 0; i < first; i++) limit.release((['success', 'dropped', 'ignored'] as const)[i % 3]!, 1, 1);
    expect(limit.load()).toBe(0);
    expect(fill()).toBe(first);
  });

  it('is at load 0 before anybody came', () => {
    expect(make().load()).toBe(0);
    expect(make().hasRoom(0)).toBe(true);
  });
});
