import { describe, expect, it } from 'vitest';
import { ioAgent } from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';
import { locking } from './agents.ts';
import { quiet } from './waiting.ts';

describe('a mutex', () => {
  it('excludes tasks of both lanes and code outside from each other', async () => {
    await using engine = await engineOf(
      [
        locking('countUnderMutex'),
        ioAgent('onLoop', {
          run: async ({ name, cells }: { name: string; cells: Int32Array }, ctx) => {
            await ctx.sync.mutex(name).withLock(async () => {
              const seen = cells[0]!;
              await undefined;
              cells[0] = seen + 1;
            });
          },
        }),
      ],
      { threads: { count: 2 } },
    );
    const cells = new Int32Array(new SharedArrayBuffer(4));
    const input = { name: 'counter', cells, rounds: 50 };
    const mutex = engine.sync.mutex('counter');
    const outside = Array.from({ length: 50 }, () => mutex.withLock(() => void cells[0]!++));
    const runs = Array.from({ length: 50 }, (_, i) =>
      engine.run(i < 4 ? 'countUnderMutex' : 'onLoop', input),
    );
    await Promise.all([...runs, ...outside]);
    expect(cells[0]).toBe(4 * 50 + 46 + 50);
    await quiet(engine);
  });
});
