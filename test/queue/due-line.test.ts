import { describe, expect, it } from 'vitest';
import type { DueItem } from '../../src/queue/due-line.ts';
import { DueLine } from '../../src/queue/due-line.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';
import { ManualClock } from '../manual-clock.ts';

describe('a line of things that fall due', () => {
  it('gives each at its time, with one timer for all', () => {
    const clock = new ManualClock(0);
    const due: [string, number][] = [];
    const line = new DueLine<string>(clock, (subject) => due.push([subject, clock.now()]));
    line.add('late', 30, 0);
    line.add('early', 10, 0);
    line.add('middle', 20, 0);
    expect(clock.pending).toBe(1);
    expect(line.peek()).toBe('early');
    clock.advance(30);
    expect(due).toEqual([
      ['early', 10],
      ['middle', 20],
      ['late', 30],
    ]);
    expect(clock.pending).toBe(0);
  });

  it('gives those that are due together in the order in which they came', () => {
    const clock = new ManualClock(0);
    const due: number[] = [];
    const line = new DueLine<number>(clock, (subject) => due.push(subject));
    for (let i = 0; i < 100; i++) line.add(i, 10, 0);
    clock.advance(10);
    expect(due).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it('gives nothing that was taken back, and leaves no timer once all is', () => {
    const clock = new ManualClock(0);
    const due: string[] = [];
    const line = new DueLine<string>(clock, (subject) => due.push(subject));
    const first = line.add('first', 10, 0);
    const second = line.add('second', 20, 0);
    line.remove(first);
    line.remove(first);
    clock.advance(15);
    expect(due).toEqual([]);
    line.remove(second);
    expect(clock.pending).toBe(0);
    expect(line.size).toBe(0);
  });

  it('may be added to, and taken from, by what falls due', () => {
    const clock = new ManualClock(0);
    const due: string[] = [];
    let other: DueItem<string>;
    const line = new DueLine<string>(clock, (subject) => {
      due.push(subject);
      if (subject !== 'first') return;
      line.remove(other);
      line.add('next', clock.now() + 5, clock.now());
      line.add('at once', clock.now(), clock.now());
    });
    line.add('first', 10, 0);
    other = line.add('removed', 10, 0);
    clock.advance(20);
    expect(due).toEqual(['first', 'at once', 'next']);
  });

  it('waits longer than any timer can', () => {
    const clock = new ManualClock(0);
    const due: string[] = [];
    const line = new DueLine<string>(clock, (subject) => due.push(subject));
    line.add('in 100 days', 8_640_000_000, 0);
    clock.advance(8_639_999_999);
    expect(due).toEqual([]);
    clock.advance(1);
    expect(due).toEqual(['in 100 days']);
  });

  it('gives everything once, in order, whatever is added and taken back', () => {
    const seed = 4_711;
    const seeded = new SeededRandom(seed);
    const random = () => seeded.next();
    const clock = new ManualClock(0);
    const waiting = new Map<number, { readonly atMs: number; readonly item: DueItem<number> }>();
    const line = new DueLine<number>(clock, (subject) => {
      const { atMs } = waiting.get(subject)!;
      expect(clock.now(), `seed ${seed}`).toBeCloseTo(atMs, 1);
      waiting.delete(subject);
    });
    for (let i = 0; i < 5_000; i++) {
      const atMs = clock.now() + 100 * random();
      waiting.set(i, { atMs, item: line.add(i, atMs, clock.now()) });
      if (random() < 0.3) {
        const key = [...waiting.keys()][Math.floor(random() * waiting.size)]!;
        line.remove(waiting.get(key)!.item);
        waiting.delete(key);
      }
      if (random() < 0.5) clock.advance(5 * random());
      expect(line.size, `seed ${seed}`).toBe(waiting.size);
    }
    clock.advance(200);
    expect(waiting.size, `seed ${seed}`).toBe(0);
  });
});
