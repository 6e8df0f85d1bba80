import { describe, expect, it } from 'vitest';
import { type Prospect, StallWatch } from '../../src/sync/stall-watch.ts';
import { arbiterOf, settled, watched } from './parties.ts';

/** A barrier for two, at which one waits, and what the watch is told of who could come. */
function oneAtBarrier(isOpen = false) {
  const world = arbiterOf();
  const tasks: { prospect: Prospect } = { prospect: 'somebody' };
  const watch = new StallWatch(
    world.clock,
    world.arbiter,
    { prospect: () => tasks.prospect },
    {
      stallMs: 100,
      patienceMs: 1_000,
    },
  );
  const rounds = world.arbiter.names.rounds('b', 2);
  const first = world.come(world.party('first'), 'b', 2);
  rounds.isOpen = isOpen;
  return { ...world, tasks, watch, rounds, first, seen: watched(first) };
}

describe('the watch over barriers', () => {
  it('breaks a round once nobody could come for as long as it takes, without a break in it', async () => {
    const { clock, tasks, seen } = oneAtBarrier();
    tasks.prospect = 'nobody';
    clock.advance(75);
    tasks.prospect = 'somebody';
    clock.advance(25);
    tasks.prospect = 'nobody';
    clock.advance(100);
    await settled();
    expect(seen.state).toBe('waits');
    clock.advance(25);
    await settled();
    expect(seen.error).toMatchObject({
      code: 'BARRIER_BROKEN',
      message: expect.stringMatching(/nobody left/),
    });
    expect(clock.pending).toBe(0);
  });

  it('does not take the word of a clock that has jumped', async () => {
    const { clock, tasks, rounds, seen } = oneAtBarrier();
    tasks.prospect = 'nobody';
    clock.advance(25);
    expect(rounds.stalledSinceMs).toBe(clock.now());
    rounds.stalledSinceMs! -= 10_000;
    clock.advance(75);
    await settled();
    expect(seen.state).toBe('waits');
    clock.advance(25);
    await settled();
    expect(seen.state).toBe('refused');
  });

  it('waits longer where code outside takes part', async () => {
    const { clock, tasks, seen } = oneAtBarrier(true);
    tasks.prospect = 'nobody';
    clock.advance(999);
    await settled();
    expect(seen.state).toBe('waits');
    clock.advance(26);
    await settled();
    expect(seen.error).toMatchObject({
      code: 'BARRIER_BROKEN',
      message: expect.stringMatching(/nobody has come/),
    });
  });

  it('waits for as long as somebody could come, and leaves no timer once the round is complete', async () => {
    const { clock, come, party, first } = oneAtBarrier();
    clock.advance(1_000_000);
    expect(clock.pending).toBe(1);
    await come(party('second'), 'b', 2);
    expect(await first).toEqual({ round: 0, position: 0 });
    expect(clock.pending).toBe(0);
  });
});
