import { describe, expect, it } from 'vitest';
import { arbiterOf, settled, watched } from './parties.ts';

describe('a deadlock', () => {
  it('of two is found when it closes: the youngest wait is refused with who holds what', async () => {
    const { party, lock } = arbiterOf();
    const [a, b] = [party('a'), party('b')];
    const first = await lock(a, 'one');
    const second = await lock(b, 'two');
    const waiting = lock(a, 'two');
    await expect(lock(b, 'one')).rejects.toMatchObject({
      code: 'DEADLOCK',
      resource: 'one',
      message: expect.stringMatching(/mutex "one": party "b" would wait for ever/),
      picture: {
        resources: expect.arrayContaining([
          expect.objectContaining({
            name: 'one',
            holders: [expect.objectContaining({ label: 'party "a"' })],
            waiters: [expect.objectContaining({ label: 'party "b"' })],
          }),
          expect.objectContaining({
            name: 'two',
            holders: [expect.objectContaining({ label: 'party "b"' })],
            waiters: [expect.objectContaining({ label: 'party "a"' })],
          }),
        ]),
      },
    });
    second.release();
    (await waiting).release();
    first.release();
  });

  it('of three, or of ten, is found as well', async () => {
    for (const size of [3, 10]) {
      const { party, lock } = arbiterOf();
      const parties = Array.from({ length: size }, (_, i) => party(`p${i}`));
      for (const [i, each] of parties.entries()) await lock(each, `m${i}`);
      const waits = parties.slice(0, -1).map((each, i) => watched(lock(each, `m${i + 1}`)));
      await settled();
      expect(waits.every(({ state }) => state === 'waits')).toBe(true);
      const error = await lock(parties.at(-1)!, 'm0').catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'DEADLOCK' });
      expect((error as { picture: { resources: unknown[] } }).picture.resources).toHaveLength(size);
    }
  });

  it('with oneself is found: a mutex is not reentrant', async () => {
    const { party, lock } = arbiterOf();
    const a = party('a');
    await lock(a, 'm');
    await expect(lock(a, 'm')).rejects.toMatchObject({
      code: 'DEADLOCK',
      message: expect.stringContaining('who holds it cannot wait for it'),
    });
  });

  it('is none where another holder of the semaphore can still give back', async () => {
    const { party, lock, permits } = arbiterOf();
    const [a, b, free] = [party('a'), party('b'), party('free')];
    const mutex = await lock(a, 'm');
    await permits(b, 's', 2, 1);
    const other = await permits(free, 's', 2, 1);
    const third = watched(permits(a, 's', 2, 1));
    const back = watched(lock(b, 'm'));
    await settled();
    expect([third.state, back.state]).toEqual(['waits', 'waits']);
    other.release();
    await settled();
    expect(third.state).toBe('got');
    mutex.release();
    await settled();
    expect(back.state).toBe('got');
  });

  it('behind a large request at the head of the line is found: nobody gets past it', async () => {
    const { party, lock, permits } = arbiterOf();
    const [a, b, large] = [party('a'), party('b'), party('large')];
    await permits(a, 's', 3, 1);
    await lock(b, 'm');
    void permits(large, 's', 3, 3).catch(() => undefined);
    const behind = watched(permits(b, 's', 3, 1));
    await expect(lock(a, 'm')).rejects.toMatchObject({ code: 'DEADLOCK' });
    expect(behind.state).toBe('waits');
  });

  it('that closes with a grant, by somebody who waits for two things at once, is found', async () => {
    const { party, lock } = arbiterOf();
    const [a, b, c] = [party('a'), party('b'), party('c')];
    const mutex = await lock(c, 'm');
    await lock(a, 'n');
    const both = [watched(lock(b, 'm')), watched(lock(b, 'n'))];
    const last = watched(lock(a, 'm'));
    await settled();
    mutex.release();
    await settled();
    expect(both[0]!.state).toBe('got');
    expect(last).toMatchObject({ state: 'refused', error: { code: 'DEADLOCK' } });
  });
});
