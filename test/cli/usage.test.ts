import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { DIGEST_DEFAULTS } from '../../src/digest/options.ts';
import { runHere } from './run-here.ts';
import { spillway } from './spillway.ts';

const usage = (...args: string[]) => runHere(args, { cwd: tmpdir() });

test.each([
  [['digest', '--concurency', '4'], /unknown option '--concurency'\s+\(Did you mean --concurrency\?\)/],
  [['digest', '--concurrency', '0'], /'--concurrency <n>' argument '0' is invalid.*whole number from 1/],
  [['digest', '--threads', '2x'], /'--threads <n>' argument '2x' is invalid.*got "2x"/],
  [['digest', '--chunk-bytes', '10'], /from 1024 to 1048576, got "10"/],
  [['digest', '--base-url', 'ftp://x'], /Expected an http or https URL.*got "ftp:\/\/x"/],
  [['digest', '--out'], /'--out <dir>' argument missing/],
  [['digest', '--sequential', '--threads', '2'], /'--sequential' cannot be used with option '--threads <n>'/],
  [['upstream', '--knee', 'many'], /'--knee <n>' argument 'many' is invalid. Expected a number/],
  [['upstream', 'extra'], /too many arguments/],
  [['dijest'], /unknown command 'dijest'\s+\(Did you mean digest\?\)/],
])('wrong usage %j is refused with what was meant or expected', async (args, pattern) => {
  const { code, stderr, stdout } = await usage(...args);
  expect(stderr).toMatch(pattern);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(stdout).toBe('');
  expect(code).toBe(2);
});

test('the process ends with 2 after wrong usage', async () => {
  const run = await spillway(['digest', '--jsn'], { cwd: tmpdir() });
  expect(run.stderr).toContain('(Did you mean --json?)');
  expect(run.code).toBe(2);
});

test('--help shows the options with their defaults and examples', async () => {
  const { code, stdout, stderr } = await usage('digest', '--help');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const text of [
    'Examples:',
    'OPENAI_BASE_URL',
    '--verify',
    `(default: ${DIGEST_DEFAULTS.chunkBytes})`,
  ]) {
    expect(stdout).toContain(text);
  }
});

test('--version prints the version', async () => {
  expect(await usage('--version')).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+/),
    stderr: '',
  });
});

test('no command at all shows what there is', async () => {
  const { code, stderr } = await usage();
  expect(stderr).toContain('digest');
  expect(code).toBe(2);
});
