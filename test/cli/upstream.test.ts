import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { spillway } from './spillway.ts';

const cwd = tmpdir();

test('it prints its address, serves, and ends with 0 on Ctrl-C', async () => {
  let status = 0;
  const run = await spillway(['upstream', '--json', '--model', 'mine'], {
    cwd,
    onStart: (child) =>
      child.stdout!.once('data', async (line) => {
        const response = await fetch(`${JSON.parse(line).baseUrl}/models`);
        status = response.status;
        expect(await response.text()).toContain('"mine"');
        child.kill('SIGINT');
      }),
  });
  expect(status).toBe(200);
  expect(run).toMatchObject({ code: 0, stderr: '' });
});

test('a port that is taken is one line and exit code 2', async () => {
  let second: Promise<{ code: number | null; stderr: string }> | undefined;
  await spillway(['upstream', '--json'], {
    cwd,
    onStart: (child) =>
      child.stdout!.once('data', async (line) => {
        second = spillway(['upstream', '--port', new URL(JSON.parse(line).baseUrl).port], { cwd });
        await second;
        child.kill('SIGINT');
      }),
  });
  const run = await second!;
  expect(run.stderr).toMatch(/^spillway: cannot listen: .*EADDRINUSE.*; choose another --port\n$/);
  expect(run.code).toBe(2);
});
