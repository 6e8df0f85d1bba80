import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deadlines } from '../../src/lanes/deadlines.ts';
import { ManualClock } from '../manual-clock.ts';

/** Deadlines, with what fell due and when. */
function watched() {
  const clock = new ManualClock(0);
  const due: [string, number][] = [];
  const deadlines = new Deadlines<string>(clock, (subject) => due.push([subject, clock.now()]));
  return { clock, due, deadlines };
}

describe('deadlines', () => {
  it('fall due in the order of their times, each at its own', () => {
    const { clock, due, deadlines } = watched();
    deadlines.add('a', 500, 0);
    deadlines.add('b', 100, 0);
    deadlines.add('c', 300, 0);
    clock.advance(1_000);
    expect(due).toEqual([
      ['b', 100],
      ['c', 300],
      ['a', 500],
    ]);
    expect([deadlines.size, clock.pending]).toEqual([0, 0]);
  });

  it('that are taken back never fall due, not even by one that falls due at the same moment', () => {
    const clock = new ManualClock(0);
    const due: string[] = [];
    const deadlines: Deadlines<string> = new Deadlines<string>(clock, (subject) => {
      due.push(subject);
      deadlines.remove(later);
    });
    deadlines.remove(deadlines.add('gone', 100, 0));
    deadlines.add('first', 100, 0);
    const later = deadlines.add('later', 200, 0);
    clock.advance(1_000);
    expect(due).toEqual(['first']);
  });

  it('need one timer, however many there are, and none when there are none', () => {
    const { clock, due, deadlines } = watched();
    const added = Array.from({ length: 10_000 }, (_, i) => deadlines.add(`${i}`, 100 + (i % 7), 0));
    expect(clock.pending).toBe(1);
    for (const deadline of added) deadlines.remove(deadline);
    expect([deadlines.size, clock.pending]).toEqual([0, 0]);
    clock.advance(1_000);
    expect(due).toEqual([]);
  });

  it('may be added by one that falls due', () => {
    const clock = new ManualClock(0);
    const due: [string, number][] = [];
    const deadlines: Deadlines<string> = new Deadlines<string>(clock, (subject) => {
      due.push([subject, clock.now()]);
      if (due.length < 4) deadlines.add(`${subject}+`, 50, clock.now());
    });
    deadlines.add('a', 100, 0);
    clock.advance(1_000);
    expect(due.map(([, atMs]) => atMs)).toEqual([100, 150, 200, 250]);
  });

  it('can be removed twice, and after they fell due', () => {
    const { clock, deadlines } = watched();
    const deadline = deadlines.add('a', 100, 0);
    const other = deadlines.add('b', 100, 0);
    clock.advance(100);
    deadlines.remove(deadline);
    deadlines.remove(other);
    deadlines.remove(other);
    expect(deadlines.size).toBe(0);
  });

  it('fall due exactly if they were not taken back before, whatever is added and removed when', () => {
    const step = fc.oneof(
      fc.record({ add: fc.constantFrom(10, 20, 50, 75, 1_000) }),
      fc.record({ remove: fc.nat() }),
      fc.record({ wait: fc.integer({ min: 1, max: 60 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
        const { clock, due, deadlines } = watched();
        const model = new Map<string, { atMs: number; handle: ReturnType<typeof deadlines.add> }>();
        const expected = new Map<string, number>();
        const settle = () => {
          for (const [name, { atMs }] of model) {
            if (atMs > clock.now()) continue;
            expected.set(name, atMs);
            model.delete(name);
          }
        };
        for (const [i, now] of steps.entries()) {
          if ('add' in now) {
            model.set(`${i}`, {
              atMs: clock.now() + now.add,
              handle: deadlines.add(`${i}`, now.add, clock.now()),
            });
          } else if ('wait' in now) {
            clock.advance(now.wait);
            settle();
          } else {
            const names = [...model.keys()];
            const name = names[now.remove % Math.max(1, names.length)];
            if (name === undefined) continue;
            deadlines.remove(model.get(name)!.handle);
            model.delete(name);
          }
          // A timer may fire up to 1 ms early; what it finds due then counts.
          const early = due.filter(([name]) => model.has(name));
          for (const [name, atMs] of early) {
            expect(model.get(name)!.atMs - atMs).toBeLessThanOrEqual(1);
            expected.set(name, model.get(name)!.atMs);
            model.delete(name);
          }
          expect(new Set(due.map(([name]) => name))).toEqual(new Set(expected.keys()));
          expect(deadlines.size).toBe(model.size);
          expect(clock.pending).toBe(model.size > 0 ? 1 : 0);
        }
      }),
      { numRuns: 200 },
    );
  });
});
