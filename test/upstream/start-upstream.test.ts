import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { flagsToRun } from '../../src/contract/entry-module.ts';
import { startUpstream } from '../../src/upstream/start-upstream.ts';

const START_UPSTREAM = new URL('../../src/upstream/start-upstream.ts', import.meta.url);

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Resolves when nothing listens there any more. */
async function untilUnreachable(baseUrl: string): Promise<void> {
  for (;;) {
    const answered = await fetch(`${baseUrl}/models`).then(
      (response) => response.arrayBuffer().then(() => true),
      () => false,
    );
    if (!answered) return;
  }
}

test('the process serves until it is closed, and is gone then', async () => {
  const upstream = await startUpstream();
  expect((await fetch(`${upstream.baseUrl}/models`)).status).toBe(200);
  await Promise.all([upstream.close(), upstream.close()]);
  expect(isAlive(upstream.pid)).toBe(false);
});

test('Ctrl-C in the terminal leaves it to its parent', async () => {
  const upstream = await startUpstream();
  process.kill(upstream.pid, 'SIGINT');
  expect((await fetch(`${upstream.baseUrl}/models`)).status).toBe(200);
  await upstream.close();
});

test('a parent that is killed leaves no orphan', async () => {
  const script = `import { startUpstream } from ${JSON.stringify(START_UPSTREAM.href)};
    console.log((await startUpstream()).baseUrl);`;
  const parent = spawn(
    process.execPath,
    [...flagsToRun(START_UPSTREAM), '--input-type=module', '-e', script],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [baseUrl] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
  expect((await fetch(`${baseUrl}/models`)).status).toBe(200);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await untilUnreachable(baseUrl);
});

test('a port that is taken is an error that says so', async () => {
  const first = await startUpstream();
  const port = Number(new URL(first.baseUrl).port);
  await expect(startUpstream({ port })).rejects.toThrow(/did not start: .*EADDRINUSE/);
  await first.close();
});

test('a wrong option is refused before anything starts', async () => {
  await expect(startUpstream({ port: 70_000 })).rejects.toThrow(
    'upstream.port: expected a whole number from 0 to 65535',
  );
});

test('the module is named as the caller is built', async () => {
  const { entryModule } = await import('../../src/contract/entry-module.ts');
  const source = pathToFileURL('/p/src/a/b.ts').href;
  expect(entryModule('./main.ts', source).pathname).toBe('/p/src/a/main.ts');
  expect(entryModule('../../workers/w.ts', source.replace('.ts', '.js')).pathname).toBe('/p/workers/w.js');
});
