import { describe, expect, it } from 'vitest';
import { arbiterOf, settled, watched } from './parties.ts';

describe('a barrier', () => {
  it('lets a round through when it is complete, and starts another', async () => {
    const { party, come, arbiter } = arbiterOf();
    for (const round of [0, 1, 2]) {
      const early = [come(party('a'), 'b', 3), come(party('b'), 'b', 3)];
      const seen = early.map(watched);
      await settled();
      expect(seen.map(({ state }) => state)).toEqual(['waits', 'waits']);
      const turns = await Promise.all([...early, come(party('c'), 'b', 3)]);
      expect(turns).toEqual([0, 1, 2].map((position) => ({ round, position })));
    }
    expect(arbiter.inspect().resources).toEqual([]);
  });

  it('of one lets everybody through', async () => {
    const { party, come } = arbiterOf();
    expect(await come(party('a'), 'b', 1)).toEqual({ round: 0, position: 0 });
    expect(await come(party('a'), 'b', 1)).toEqual({ round: 1, position: 0 });
  });

  it('breaks the round of those who wait when one of them leaves, and says who', async () => {
    const { party, come, clock, arbiter } = arbiterOf();
    const controller = new AbortController();
    const leaver = party('leaver');
    const leavings: [string, () => void, Promise<unknown>, RegExp][] = [
      ['timeout', () => clock.advance(10), come(leaver, 'x', 3, { timeoutMs: 10 }), /"leaver" waited longer/],
      [
        'abort',
        () => controller.abort('enough'),
        come(leaver, 'y', 3, controller),
        /"leaver" was told to stop/,
      ],
      ['end', () => arbiter.end(leaver, 'cut short'), come(leaver, 'z', 3), /"leaver" has ended/],
    ];
    for (const [i, [, leave, own, why]] of leavings.entries()) {
      const stays = come(party('stays'), ['x', 'y', 'z'][i]!, 3);
      own.catch(() => undefined);
      leave();
      await expect(stays).rejects.toMatchObject({
        code: 'BARRIER_BROKEN',
        message: expect.stringMatching(why),
      });
      await expect(own).rejects.not.toMatchObject({ code: 'BARRIER_BROKEN' });
    }
    expect(arbiter.inspect().resources).toEqual([]);
    const next = [1, 2, 3].map((i) => come(party(`p${i}`), 'x', 3));
    expect((await Promise.all(next)).map(({ round }) => round)).toEqual([1, 1, 1]);
  });
});
