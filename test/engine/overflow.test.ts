import { describe, expect, it } from 'vitest';
import { fileOverflow, ioAgent } from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';
import { temporaryFolder } from '../fixtures/folders.ts';
import { deferred } from '../fixtures/waiting.ts';

describe('an engine with a file overflow', () => {
  it('runs what it shed once there is room', async () => {
    const gate = deferred();
    const seen: unknown[] = [];
    const all = deferred();
    const agent = ioAgent('work', {
      run: async (n: number) => {
        await gate.promise;
        seen.push(n);
        if (seen.length === 10) all.resolve();
        return n;
      },
    });
    const folder = temporaryFolder();
    await using engine = await engineOf([agent], {
      admission: { policy: 'fixed', capacity: 5, threshold: 1 },
      overflow: fileOverflow({ folder }),
    });
    const handles = Array.from({ length: 10 }, (_, n) => engine.submit('work', n));
    const outcome = await handles[7]!.outcome;
    expect(outcome).toMatchObject({ status: 'rejected', error: { overflowed: true } });
    await expect(engine.run('work', 10, { signal: new AbortController().signal })).rejects.toMatchObject({
      overflowed: false,
    });
    expect(engine.stats().overflow).toMatchObject({ accepted: 5, refused: 0, waiting: 5, resubmitted: 0 });
    gate.resolve();
    await all.promise;
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
