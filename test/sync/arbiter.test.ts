import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { arbiterOf, settled, watched } from './parties.ts';

describe('a mutex', () => {
  it('goes to those who wait in the order in which they came', async () => {
    const { party, lock } = arbiterOf();
    let held = await lock(party('holder'), 'm');
    const order: number[] = [];
    const waits = Array.from({ length: 100 }, async (_, i) => {
      const mine = await lock(party(`p${i}`), 'm');
      order.push(i);
      return mine;
    });
    for (const wait of waits) {
      held.release();
      held = await wait;
    }
    expect(order).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it('is refused to who releases it twice, and stays with who holds it now', async () => {
    const { party, lock, arbiter } = arbiterOf();
    const first = await lock(party('first'), 'm');
    first.release();
    await lock(party('second'), 'm');
    expect(() => first.release()).toThrow(
      expect.objectContaining({ name: 'SyncError', code: 'LOCK_RELEASED' }),
    );
    expect(arbiter.inspect().resources[0]).toMatchObject({ holders: [{ label: 'party "second"' }], free: 0 });
  });

  it('is given back by the end of a using block, which does not mind an earlier release', async () => {
    const { party, lock, arbiter } = arbiterOf();
    {
      using held = await lock(party('a'), 'm');
      await using other = await lock(party('a'), 'n');
      held.release();
      expect(other.released).toBe(false);
    }
    expect(arbiter.inspect().resources).toEqual([]);
  });

  it('is given up on after timeoutMs, with who holds it and who else waits', async () => {
    const { party, lock, clock, arbiter } = arbiterOf();
    const holder = await lock(party('holder'), 'm');
    const patient = lock(party('patient'), 'm');
    const hasty = watched(lock(party('hasty'), 'm', { timeoutMs: 50 }));
    clock.advance(49.5);
    await settled();
    expect(hasty.state).toBe('waits');
    clock.advance(0.5);
    await settled();
    expect(hasty.error).toMatchObject({
      code: 'SYNC_TIMEOUT',
      resource: 'm',
      message: expect.stringMatching(/not there within 50 ms; .*held by party "holder" for 50 ms.*"patient"/),
      picture: { resources: [{ holders: [{ label: 'party "holder"', forMs: 50 }], waiting: 2 }] },
    });
    holder.release();
    (await patient).release();
    expect(clock.pending).toBe(0);
    expect(arbiter.inspect().resources).toEqual([]);
  });

  it('leaves no timer and no listener behind once it was granted', async () => {
    const { party, lock, clock } = arbiterOf();
    const { signal } = new AbortController();
    const holder = await lock(party('holder'), 'm');
    const wait = lock(party('waiter'), 'm', { timeoutMs: 50, signal });
    expect(clock.pending).toBe(1);
    holder.release();
    await wait;
    expect(clock.pending).toBe(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('is withdrawn from who is told to stop, with the reason of the signal; the next one moves up', async () => {
    const { party, lock } = arbiterOf();
    const controller = new AbortController();
    const holder = await lock(party('holder'), 'm');
    const stopped = lock(party('stopped'), 'm', { signal: controller.signal });
    const next = lock(party('next'), 'm');
    controller.abort('enough');
    await expect(stopped).rejects.toBe('enough');
    await expect(lock(party('late'), 'm', { signal: controller.signal })).rejects.toBe('enough');
    holder.release();
    expect((await next).recovered).toBe(false);
  });

  it('tells the next holder, once, that the one before was cut short', async () => {
    const { party, lock, arbiter } = arbiterOf();
    const lost = party('lost');
    await lock(lost, 'm');
    const waits = lock(party('next'), 'm');
    arbiter.end(lost, 'cut short');
    const next = await waits;
    expect(next.recovered).toBe(true);
    next.release();
    expect((await lock(party('last'), 'm')).recovered).toBe(false);
  });

  it('is not granted to a party that has ended', async () => {
    const { party, lock, arbiter } = arbiterOf();
    const holder = await lock(party('holder'), 'm');
    const gone = party('gone');
    const waiting = lock(gone, 'm');
    arbiter.end(gone, 'released');
    await expect(waiting).rejects.toMatchObject({ code: 'SYNC_OWNER_ENDED' });
    await expect(lock(gone, 'n')).rejects.toMatchObject({ code: 'SYNC_OWNER_ENDED' });
    holder.release();
    expect(arbiter.inspect().resources).toEqual([]);
  });

  it('has a line of bounded length', async () => {
    const { party, lock } = arbiterOf({ maxWaiters: 2 });
    const holder = await lock(party('holder'), 'm');
    const waits = [lock(party('1'), 'm'), lock(party('2'), 'm')];
    await expect(lock(party('3'), 'm')).rejects.toMatchObject({ code: 'SYNC_LIMIT' });
    holder.release();
    (await waits[0]!).release();
    (await waits[1]!).release();
  });
});

describe('a semaphore', () => {
  it('never lets a small request pass a large one that waits', async () => {
    const { party, permits } = arbiterOf();
    const first = await permits(party('first'), 's', 3, 2);
    const large = watched(permits(party('large'), 's', 3, 3));
    const small = watched(permits(party('small'), 's', 3, 1));
    await settled();
    expect([large.state, small.state]).toEqual(['waits', 'waits']);
    first.release();
    await settled();
    expect([large.state, small.state]).toEqual(['got', 'waits']);
  });

  it('lets those behind move up when a large request in front is withdrawn', async () => {
    const { party, lock, permits, arbiter } = arbiterOf();
    await permits(party('first'), 's', 3, 2);
    const impatient = party('impatient');
    void permits(impatient, 's', 3, 3).catch(() => undefined);
    const small = watched(permits(party('small'), 's', 3, 1));
    arbiter.end(impatient, 'released');
    await settled();
    expect(small.state).toBe('got');
    await lock(party('other'), 'm');
  });

  it('has one size a name, as long as the name is known', async () => {
    const { party, permits } = arbiterOf({ maxNames: 2 });
    (await permits(party('a'), 's', 3, 1)).release();
    await expect(permits(party('a'), 's', 4, 1)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      path: 'semaphore.size',
      expected: '3',
      received: '4',
    });
    // The oldest that nobody uses is forgotten when there are too many.
    const held = await permits(party('a'), 't', 1, 1);
    await permits(party('a'), 'u', 1, 1);
    await expect(permits(party('a'), 's', 4, 1)).rejects.toMatchObject({ code: 'SYNC_LIMIT' });
    held.release();
    await permits(party('a'), 's', 4, 1);
  });
});

describe('100,000 acquisitions', () => {
  it('leave nothing behind', async () => {
    const { party, lock, permits, arbiter, clock } = arbiterOf({ maxNames: 100 });
    const worker = party('worker');
    for (let i = 0; i < 50_000; i++) {
      const mutex = await lock(worker, `m${i % 1_000}`, { timeoutMs: 10 });
      const semaphore = await permits(worker, `s${i % 1_000}`, 2, 1);
      mutex.release();
      semaphore.release();
    }
    expect(worker.holds).toEqual([]);
    expect(worker.waits).toEqual([]);
    expect(arbiter.names.mutex.size + arbiter.names.semaphore.size).toBe(100);
    expect(clock.pending).toBe(0);
    expect(arbiter.inspect().resources).toEqual([]);
  });
});
