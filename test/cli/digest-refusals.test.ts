import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refuse, scriptedEndpoint } from '../digest/scripted-endpoint.ts';
import { serve } from '../upstream/serve.ts';
import { runHere } from './run-here.ts';
import { messages, spillway, spillwayAfter } from './spillway.ts';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'spillway-refuse-'));
  await chmod(cwd, 0o777);
  await mkdir(join(cwd, 'empty'));
  await writeFile(join(cwd, 'empty/nothing.txt'), '');
  await writeFile(join(cwd, 'text.txt'), 'Some words about a queue of tasks.\n');
  await writeFile(join(cwd, 'binary.dat'), Buffer.from([1, 0]));
});
afterAll(() => rm(cwd, { recursive: true }));

/** A copy of this Node.js that other users may run: where it is installed may be closed to them. */
async function nodeForAll(): Promise<string> {
  const copy = join(cwd, 'node');
  await copyFile(process.execPath, copy, constants.COPYFILE_FICLONE);
  await chmod(copy, 0o755);
  return copy;
}

/** One line on stderr, no stack, exit code 2. */
function expectOneLine(run: { code: number | null; stderr: string }, pattern: RegExp) {
  expect(messages(run)).toEqual([expect.stringMatching(pattern)]);
  expect(run.code).toBe(2);
}

test('no input: says what was looked for and what to name', async () => {
  expectOneLine(
    await spillway(['digest', 'none'], { cwd }),
    /no readable text in none: none cannot be read.*name files/,
  );
  expectOneLine(
    await runHere(['digest', 'empty'], { cwd }),
    /no readable text in empty: every file is empty/,
  );
  expectOneLine(await runHere(['digest', 'binary.dat'], { cwd }), /binary\.dat is not text/);
});

test('no input with --json: the same as JSON on stdout', async () => {
  const run = await runHere(['digest', '*.none', '--json'], { cwd });
  expect(run.code).toBe(2);
  expect(JSON.parse(run.stdout)).toMatchObject({
    status: 'failed',
    errors: [{ code: 'CORPUS_EMPTY', suggestion: expect.stringContaining('name files') }],
  });
});

test('an endpoint that cannot be reached is named, with the reason', async () => {
  const gone = await scriptedEndpoint([refuse(500)]);
  await gone.close();
  const run = await runHere(['digest', 'text.txt', '--model', 'm'], {
    cwd,
    env: { OPENAI_BASE_URL: gone.baseUrl },
  });
  expectOneLine(run, /cannot reach http:\/\/127\.0\.0\.1:\d+\/v1: connect ECONNREFUSED.*OPENAI_BASE_URL/);
});

test('an endpoint without a model to ask is refused, and its models are offered', async () => {
  const endpoint = await serve({ model: 'only-one' });
  const run = await runHere(['digest', 'text.txt'], { cwd, env: { OPENAI_BASE_URL: endpoint.baseUrl } });
  await endpoint.close();
  expectOneLine(run, /name the model to use: --model NAME; the endpoint offers only-one/);
});

test('an endpoint that refuses the key says which variable holds it', async () => {
  const endpoint = await scriptedEndpoint([], refuse(401));
  const run = await runHere(['digest', 'text.txt', '--model', 'm', '--base-url', endpoint.baseUrl], { cwd });
  await endpoint.close();
  expectOneLine(run, /refuses the key \(401\); set OPENAI_API_KEY/);
});

test('an endpoint that is no URL is refused before anything is read', async () => {
  const run = await runHere(['digest', 'none'], { cwd, env: { OPENAI_BASE_URL: 'localhost:8080' } });
  expectOneLine(run, /OPENAI_BASE_URL.*Expected an http or https URL.*got "localhost:8080"/);
});

test('an output folder that cannot be made is refused before anything is done', async () => {
  expectOneLine(
    await runHere(['digest', 'text.txt', '--out', 'text.txt/out'], { cwd }),
    /cannot write .*text\.txt.out: .*choose a place that you can write to with --out/,
  );
});

test.skipIf(process.platform === 'win32')('a file that may not grow leaves no half result', async () => {
  // A limit on the size of files stands for a disk that is full: the write fails half-way.
  const lines = Array.from({ length: 1_000 }, (_, i) => `line ${i} of a text about task${i} and queue${i}`);
  await writeFile(join(cwd, 'long.txt'), lines.join('\n'));
  const args = ['digest', 'long.txt', '--chunk-bytes', '2048', '--out', 'full'];
  const run = await spillwayAfter("trap '' XFSZ; ulimit -f 8", args, { cwd });
  expect(messages(run)).toEqual([expect.stringMatching(/cannot write .*result\.json: EFBIG.*ulimit -f/)]);
  expect(run.code).toBe(2);
  expect(await readdir(join(cwd, 'full'))).toEqual(['latency.hlog']);
});

test.skipIf(process.platform !== 'linux')('a standard output on a full disk is one line too', async () => {
  const full = await open('/dev/full', 'w');
  const run = await spillway(['digest', 'text.txt', '--json'], { cwd, stdout: full.fd });
  await full.close();
  expectOneLine(run, /cannot write standard output: ENOSPC.*the disk is full/);
});

test.skipIf(process.platform === 'win32')('a file and a folder that may not be read are listed', async () => {
  await mkdir(join(cwd, 'secret/locked'), { recursive: true });
  await writeFile(join(cwd, 'secret/locked/a.txt'), 'text');
  await writeFile(join(cwd, 'secret/b.txt'), 'text');
  await writeFile(join(cwd, 'secret/c.txt'), 'Readable words.');
  await chmod(join(cwd, 'secret/b.txt'), 0);
  await chmod(join(cwd, 'secret/locked'), 0);
  // Root may read everything, so it has to be someone else.
  const uid = process.getuid?.() === 0 ? 65_534 : undefined;
  const run = await spillway(['digest', 'secret', '--json', '--out', 'listed'], {
    cwd,
    ...(uid && { uid, node: await nodeForAll() }),
  });
  await chmod(join(cwd, 'secret/locked'), 0o700);
  expect(run.code).toBe(0);
  const { status, errors } = JSON.parse(run.stdout);
  expect(status).toBe('partial');
  expect(errors).toMatchObject([
    { file: 'secret/locked', code: 'FILE_NOT_PERMITTED' },
    { file: 'secret/b.txt', code: 'FILE_NOT_PERMITTED' },
  ]);
});
