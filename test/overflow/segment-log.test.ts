import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OVERFLOW_LOG } from '../../src/overflow/held-entry.ts';
import { SegmentLog, type SegmentLogOptions } from '../../src/overflow/segment-log.ts';
import { temporaryFolder } from '../fixtures/folders.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';
import { ManualClock } from '../manual-clock.ts';
import { entryOf } from './entries.ts';

const random = new SeededRandom(7);

/** A log of a folder, what it held, and what it reported. */
async function open(folder: string, options: Partial<SegmentLogOptions> = {}) {
  const errors: unknown[] = [];
  const clock = new ManualClock();
  const [log, held] = await SegmentLog.open(
    OVERFLOW_LOG,
    { folder, maxBytes: 1_000_000, maxEntries: 1_000, syncEveryMs: 1_000, ...options },
    { clock, salt: () => random.below(2 ** 32), failed: (error) => errors.push(error) },
  );
  const inputs = () => Promise.all(held.map(async (one) => (await log.read(one)).input));
  return { log, held, errors, clock, inputs };
}

type Log = Awaited<ReturnType<typeof open>>['log'];
function append(log: Log, input: unknown) {
  const held = log.append(entryOf(input));
  if (typeof held === 'string') throw new Error(held);
  return held;
}

/** Leaves the entries in the folder, and gives the file that they are in. */
async function leave(folder: string, inputs: readonly unknown[]): Promise<string> {
  const { log } = await open(folder);
  for (const input of inputs) append(log, input);
  await log.close();
  return join(folder, 'overflow-00000001.log');
}

describe('a log', () => {
  it('gives back what was not acknowledged, field by field, in its order', async () => {
    const folder = temporaryFolder();
    const { log } = await open(folder);
    const full = entryOf(new Map([[1n, Buffer.from('a')]]), {
      target: { capability: 'c' },
      priority: -7,
      tenant: 'ten\nant',
      timeoutMs: 0.5,
      tags: ['a', 'ü'],
      reason: 'expired',
    });
    const first = append(log, 'first');
    append(log, { second: undefined });
    log.append(full);
    log.acknowledge(first);
    expect([log.waiting, log.acknowledged]).toEqual([2, 1]);
    await log.close();

    const again = await open(folder);
    expect(again.held.map(({ priority, target }) => ({ priority, target }))).toEqual([
      { priority: 0, target: 'work' },
      { priority: -7, target: { capability: 'c' } },
    ]);
    expect(await again.inputs()).toStrictEqual([{ second: undefined }, full.input]);
    expect(await again.log.read(again.held[1]!)).toStrictEqual(full);
    expect(append(again.log, 'later').id).toBeGreaterThan(again.held[1]!.id);
    await again.log.close();
  });

  it('drops segments that are done, and leaves an empty folder when all are', async () => {
    const folder = temporaryFolder();
    const { log } = await open(folder, { maxBytes: 80_000 });
    const held = Array.from({ length: 60 }, (_, i) => append(log, 'x'.repeat(1_000) + i));
    const segments = () => readdirSync(folder).filter((name) => name.endsWith('.log')).length;
    expect(segments()).toBeGreaterThan(5);
    for (const one of held.slice(0, -1)) log.acknowledge(one);
    expect(segments()).toBe(1);
    log.acknowledge(held.at(-1)!);
    await log.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('takes no more bytes and entries than it may, and takes again once others are done', async () => {
    const { log } = await open(temporaryFolder(), { maxBytes: 10_000, maxEntries: 5 });
    const held = [append(log, 'x'.repeat(4_000)), append(log, 'x'.repeat(4_000))];
    expect(log.append(entryOf('x'.repeat(4_000)))).toBe('full');
    expect(log.append(entryOf('x'.repeat(1e6)))).toBe('full');
    for (let i = 0; i < 3; i++) append(log, i);
    expect(log.append(entryOf(1))).toBe('full');
    expect(log.bytes).toBeLessThanOrEqual(10_000);
    for (const one of held) log.acknowledge(one);
    append(log, 'x'.repeat(4_000));
    expect(log.bytes).toBeLessThanOrEqual(10_000);
    await log.close();
  });

  it('takes again once a full segment is done, also when it was full to the brim', async () => {
    const { log } = await open(temporaryFolder(), { maxBytes: 20_000 });
    const held = [];
    for (;;) {
      const one = log.append(entryOf('x'));
      if (typeof one === 'string') break;
      held.push(one);
    }
    expect(log.bytes).toBeGreaterThan(19_000);
    for (let i = 0; i < 10; i++) expect(log.append(entryOf('x'))).toBe('full');
    for (const one of held) log.acknowledge(one);
    append(log, 'x');
    await log.close();
  });

  it('does not take what would not come back as it was, and goes on', async () => {
    const { log } = await open(temporaryFolder());
    expect(log.append(entryOf(() => 1))).toBe('inexact');
    append(log, 1);
    expect(log.waiting).toBe(1);
    await log.close();
  });

  it('knows nothing of an entry whose write was cut short, at whichever byte', async () => {
    const folder = temporaryFolder();
    const path = await leave(folder, ['whole', 'torn']);
    const bytes = readFileSync(path);
    const end = bytes.lastIndexOf('{"id":2') - 16;
    for (let size = bytes.length - 1; size >= end; size--) {
      writeFileSync(path, bytes.subarray(0, size));
      const { log, inputs, errors } = await open(folder);
      expect(await inputs(), `${size} of ${bytes.length} bytes`).toEqual(['whole']);
      expect(errors).toEqual([]);
      await log.close();
    }
    for (let size = 0; size < 24; size++) {
      writeFileSync(path, bytes.subarray(0, size));
      const { log, held } = await open(folder);
      expect(held).toEqual([]);
      await log.close();
    }
  });

  it('skips what is damaged, says so, reads on behind it, and keeps the file', async () => {
    const folder = temporaryFolder();
    const path = await leave(folder, ['a', 'b', 'c', 'd']);
    const bytes = readFileSync(path);
    const at = bytes.indexOf('{"id":2');
    // The length of the record, and not just its text.
    bytes.fill(0xee, at - 12, at + 3);
    writeFileSync(path, bytes);
    const { log, held, inputs, errors } = await open(folder);
    expect(await inputs()).toEqual(['a', 'c', 'd']);
    expect(errors.map(String)).toEqual([expect.stringMatching(/\d+ bytes from \d+ on are damaged/)]);
    for (const one of held) log.acknowledge(one);
    await log.close();
    expect(readdirSync(folder)).toEqual(['overflow-00000001.log.damaged']);
  });

  it('never takes the inside of an input for an entry', async () => {
    const other = temporaryFolder();
    const forged = readFileSync(await leave(other, ['forged']));
    const folder = temporaryFolder();
    const path = await leave(folder, [forged, 'behind']);
    const bytes = readFileSync(path);
    // Without the record around it, its bytes lie open.
    bytes.fill(0, 24, 36);
    writeFileSync(path, bytes);
    const { log, inputs } = await open(folder);
    expect(await inputs()).toEqual(['behind']);
    await log.close();
  });

  it('runs an entry again whose acknowledgement was cut short, and can acknowledge it then', async () => {
    const folder = temporaryFolder();
    const { log } = await open(folder);
    const held = [append(log, 'a'), append(log, 'b'), append(log, 'c')];
    log.acknowledge(held[0]!);
    log.acknowledge(held[1]!);
    await log.close();
    truncateSync(join(folder, 'overflow-00000001.acks'), 12 + 5);
    const again = await open(folder);
    expect(await again.inputs()).toEqual(['b', 'c']);
    again.log.acknowledge(again.held[0]!);
    await again.log.close();
    const third = await open(folder);
    expect(await third.inputs()).toEqual(['c']);
    await third.log.close();
  });

  it('leaves files alone that are not its own, and refuses one that only has the name', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'notes.log'), 'mine');
    const { log } = await open(folder);
    await log.close();
    expect(readFileSync(join(folder, 'notes.log'), 'utf8')).toBe('mine');
    writeFileSync(join(folder, 'overflow-00000009.log'), 'something else altogether');
    await expect(open(folder)).rejects.toThrow(/overflow-00000009\.log is not a file of this version/);
    expect(readdirSync(folder).sort()).toEqual(['notes.log', 'overflow-00000009.log']);
  });

  it('removes acknowledgements whose segment has gone', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'overflow-00000001.acks'), Buffer.alloc(12));
    const { log } = await open(folder);
    append(log, 1);
    expect(existsSync(join(folder, 'overflow-00000001.acks'))).toBe(false);
    await log.close();
  });

  it('belongs to one at a time', async () => {
    const folder = temporaryFolder();
    const { log } = await open(folder);
    await expect(open(folder)).rejects.toMatchObject({
      code: 'OVERFLOW_UNUSABLE',
      message: expect.stringContaining('an engine of this process uses it'),
    });
    await log.close();
    const again = await open(folder);
    await again.log.close();
  });

  it('takes over from a process that is gone, also if another has its id now', async () => {
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, 'lock-4'),
      JSON.stringify({ pid: process.pid, startedAtTicks: '1', token: 'x' }),
    );
    writeFileSync(
      join(folder, 'lock-5'),
      JSON.stringify({ pid: 2 ** 22 + 5, startedAtTicks: null, token: 'y' }),
    );
    writeFileSync(join(folder, 'lock-6'), '');
    const { log } = await open(folder);
    expect(readdirSync(folder)).toEqual(['lock-7']);
    await log.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('says which folder it cannot use, and why', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    await expect(open(join(folder, 'file', 'below'))).rejects.toMatchObject({
      code: 'OVERFLOW_UNUSABLE',
      message: expect.stringMatching(/^overflow folder .*file.below: ENOTDIR/),
    });
  });

  it('throws what the file system says, and has changed nothing then', async () => {
    const folder = temporaryFolder();
    const { log } = await open(folder);
    rmSync(folder, { recursive: true });
    expect(() => append(log, 1)).toThrow(/ENOENT/);
    expect([log.waiting, log.bytes]).toEqual([0, 0]);
    await log.close();
  });

  it('goes to the disk before an entry is accepted, or in the background, as is asked for', async () => {
    const { log, clock } = await open(temporaryFolder());
    append(log, 1);
    append(log, 2);
    expect(clock.pending).toBe(1);
    clock.advance(1_000);
    expect(clock.pending).toBe(0);
    await log.close();
    const strict = await open(temporaryFolder(), { syncEveryMs: 0 });
    append(strict.log, 1);
    expect(strict.clock.pending).toBe(0);
    await strict.log.close();
  });
});
