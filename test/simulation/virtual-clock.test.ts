import { describe, expect, it } from 'vitest';
import { VirtualClock } from './virtual-clock.ts';

describe('the virtual clock', () => {
  it('calls timers in the order of their time, equal ones in the order in which they were set', async () => {
    const clock = new VirtualClock();
    const calls: string[] = [];
    const note = (name: string) => () => calls.push(`${name} ${clock.now()}`);
    clock.schedule(20, note('late'));
    clock.schedule(10, note('first'));
    clock.schedule(10, note('second'));
    clock.defer(note('deferred'));
    clock.schedule(-5, note('overdue'));
    await clock.runUntil(15);
    expect(calls).toEqual(['deferred 0', 'overdue 0', 'first 10', 'second 10']);
    expect(clock.now()).toBe(15);
    await clock.runUntil(20);
    expect(calls.at(-1)).toBe('late 20');
  });

  it('calls no timer that was taken back, also by another timer of the same moment', async () => {
    const clock = new VirtualClock();
    let calls = 0;
    const takeBack = clock.schedule(10, () => calls++);
    clock.schedule(5, takeBack);
    let takeBackTwin = () => {};
    clock.schedule(7, () => takeBackTwin());
    takeBackTwin = clock.schedule(7, () => calls++);
    await clock.runUntil(100);
    expect(calls).toBe(0);
  });

  it('follows the promises that an event settled before time goes on', async () => {
    const clock = new VirtualClock();
    const seenAt: number[] = [];
    const event = new Promise<void>((resolve) => clock.schedule(10, resolve));
    void event
      .then(() => undefined)
      .then(() => undefined)
      .then(() => seenAt.push(clock.now()));
    clock.schedule(10.5, () => {});
    await clock.runUntil(50);
    expect(seenAt).toEqual([10]);
  });

  it('can be set back without moving a timer', async () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    clock.schedule(100, () => seen.push(clock.now(), clock.passedMs));
    clock.schedule(50, () => clock.jump(-1_000));
    await clock.runUntil(100);
    expect(seen).toEqual([-900, 100]);
  });
});
