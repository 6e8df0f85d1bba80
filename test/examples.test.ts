import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SeededRandom } from './fixtures/seeded-random.ts';
import { type StagedPackage, stagePackage } from './staged-package.ts';
import { run } from './subprocess.ts';
import { ROOT } from './tidy/source-file.ts';

let staged: StagedPackage;

beforeAll(async () => {
  staged = await stagePackage();
  await cp(join(ROOT, 'examples'), join(staged.folder, 'examples'), { recursive: true });
  const driver = fileURLToPath(new URL('./fixtures/paused-triage.mjs', import.meta.url));
  await cp(driver, join(staged.folder, 'paused-triage.mjs'));
});
afterAll(() => staged?.remove());

const node = (...args: string[]) => run(process.execPath, args, staged.folder);

/** An example, as somebody would run it who has installed the package. */
async function example(name: string, input: object, ...flags: string[]) {
  const args = ['run', `examples/${name}.mjs`, '--json', '--quiet', ...flags];
  const { code, stdout, stderr } = await node(
    'dist/src/cli/main.js',
    ...args,
    '--input',
    JSON.stringify(input),
  );
  expect(stderr).toBe('');
  return { code, result: JSON.parse(stdout) };
}

describe('the examples', () => {
  test('research and write: what one source does not give is marked, and the text says so', async () => {
    const { code, result } = await example('research-and-write', { topic: 'rain', delayMs: 1 });
    expect(code).toBe(3);
    expect(result).toMatchObject({
      status: 'partial',
      metadata: { agents: ['library', 'planner', 'web', 'writer'], tasks: 7 },
      errors: [{ step: 'research', item: 3, code: 'HANDLER_FAILED' }],
    });
    expect(result.data.write).toMatch(/^On rain\n\n(- .*\[(web|library)\]\n){4}- Not known: .*closed$/);
  });

  describe('a purchase', () => {
    const order = { order: 'A-1', item: 'lamp', cents: 4_900 };

    test('goes through', async () => {
      const { code, result } = await example('purchase-saga', order);
      expect(code).toBe(0);
      expect(result.data.receipt).toEqual({
        item: 'lamp',
        reservation: 'R-A-1',
        payment: 'P-A-1',
        cents: 4_900,
        parcel: 'S-A-1',
      });
      expect(result.compensated).toEqual([]);
    });

    test('that cannot be shipped is undone, the last step first', async () => {
      const { code, result } = await example('purchase-saga', { ...order, failAt: 'ship' });
      expect(code).toBe(1);
      expect(result).toMatchObject({ status: 'failed', compensated: ['pay', 'reserve'], needsAttention: [] });
    });

    test('whose refund fails needs attention, and the rest is undone all the same', async () => {
      const { result } = await example('purchase-saga', { ...order, failAt: 'ship', refundFails: true });
      expect(result).toMatchObject({
        compensated: ['reserve'],
        needsAttention: [
          { step: 'pay', code: 'NOT_COMPENSATED', message: expect.stringContaining('3 attempts') },
        ],
      });
    });
  });

  test('log triage: every line is counted once, with one thread, with two, and when it is paused on the way', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.log(`seed ${seed}`);
    const random = new SeededRandom(seed);
    const paths = await Promise.all(
      [400, 1, 250].map(async (lines, at) => {
        const path = join(staged.folder, `${at}.log`);
        await writeFile(path, logOf(lines, random));
        return path;
      }),
    );
    const input = { paths, chunkBytes: 1_000 };
    const [one, two, paused] = await Promise.all([
      example('log-triage', input, '--threads', '1', '--answer', 'review=true'),
      example('log-triage', input, '--threads', '2', '--answer', 'review=true'),
      node('paused-triage.mjs', JSON.stringify([paths, 1 + random.below(5), 6 + random.below(10)])),
    ]);
    expect(one.code).toBe(0);
    const { summary, review } = one.result.data;
    expect(review).toBe(true);
    expect(summary.lines).toBe(651);
    expect(summary.files.map(({ counted }: { counted: number }) => counted)).toEqual([400, 1, 250]);
    const levels = Object.values(summary.levels as Record<string, number>);
    expect(levels.reduce((sum, lines) => sum + lines, 0)).toBe(651);
    expect(two.result.data).toEqual(one.result.data);
    expect(paused.stderr).toBe('');
    expect(JSON.parse(paused.stdout)).toEqual(one.result.data);
  });

  test('acceptance: all that was promised holds, by its own checks', async () => {
    const { code, stdout, stderr } = await node('examples/acceptance.mjs');
    expect(stdout + stderr).not.toContain('FAILED');
    expect(stdout.match(/^ok /gm)).toHaveLength(13);
    expect(code).toBe(0);
  });

  test('acceptance is a workflow like any other', async () => {
    const { code, result } = await example('acceptance', {});
    expect(code).toBe(0);
    expect(result.metadata).toMatchObject({ tasks: 10, retries: 1 });
  });
});

/** Lines of a log, a few of them errors, one of them longer than a chunk; the last one without an end. */
function logOf(lines: number, random: SeededRandom): string {
  const all = Array.from({ length: lines }, (_, at) => {
    const text = random.pick(['took 3 ms', 'sent to 10.0.0.1:80', 'ERROR lost', 'WARN slow', 'déjà vu']);
    return `08:00:${at % 60} request ${at} ${text}${at === 7 ? ' and on'.repeat(300) : ''}`;
  });
  return all.join('\n');
}
