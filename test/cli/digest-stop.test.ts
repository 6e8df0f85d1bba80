import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hang, scriptedEndpoint } from '../digest/scripted-endpoint.ts';
import { spillway } from './spillway.ts';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'spillway-stop-'));
  const lines = Array.from({ length: 5_000 }, (_, i) => `Line ${i} has some words about a queue of tasks.\n`);
  await writeFile(join(cwd, 'text.txt'), lines.join(''));
});
afterAll(() => rm(cwd, { recursive: true }));

/** Runs a digest and calls `act` when its first model call has arrived at an endpoint that never ends an answer. */
async function duringCalls(act: (child: ChildProcess) => void) {
  let child: ChildProcess | undefined;
  const endpoint = await scriptedEndpoint([
    (response, request) => {
      hang(response, request);
      if (child !== undefined) act(child);
      child = undefined;
    },
  ]);
  const run = await spillway(['digest', 'text.txt', '--model', 'm'], {
    cwd,
    env: { OPENAI_BASE_URL: endpoint.baseUrl },
    onStart: (started) => {
      child = started;
    },
  });
  await endpoint.close();
  return run;
}

test.skipIf(process.platform === 'win32').each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s in the middle of calls stops cleanly with exit code %i', async (signal, code) => {
  const run = await duringCalls((child) => child.kill(signal));
  expect(run.code).toBe(code);
  expect(run.stderr).toContain(`stopped by ${signal}; no result was written`);
  expect(await readdir(join(cwd, 'spillway-out'))).toEqual([]);
});

/** Acts on the first word of progress, when the bundled upstream is certainly there. One call at a time lasts. */
function withBundled(act: (child: ChildProcess) => void) {
  return spillway(['digest', 'text.txt', '--chunk-bytes', '1024', '--sequential', '--out', 'bundled'], {
    cwd,
    group: true,
    onStart: (child) => child.stderr!.once('data', () => act(child)),
  });
}

// These runs end when the last process that holds their stderr has gone, the bundled upstream included.
test.skipIf(process.platform === 'win32')(
  'Ctrl-C, which reaches the bundled upstream as well, stops both',
  async () => {
    const run = await withBundled((child) => process.kill(-child.pid!, 'SIGINT'));
    expect(run.code).toBe(130);
    expect(run.stderr).toContain('stopped by SIGINT');
  },
);

test.skipIf(process.platform === 'win32')('a kill leaves no upstream behind', async () => {
  const run = await withBundled((child) => child.kill('SIGKILL'));
  expect(run.code).toBe(null);
});

test('a reader that leaves early is no error', async () => {
  await writeFile(join(cwd, 'short.txt'), 'Some words about a queue of tasks.');
  const run = await spillway(['digest', 'short.txt', '--json', '--out', 'unread'], {
    cwd,
    onStart: (child) => child.stdout!.destroy(),
  });
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(await readFile(join(cwd, 'unread/result.json'), 'utf8')).toContain('"success"');
});
