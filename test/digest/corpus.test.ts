import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findCorpus } from '../../src/digest/corpus.ts';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'spillway-corpus-'));
  await mkdir(join(cwd, 'logs/old'), { recursive: true });
  await mkdir(join(cwd, 'logs/.cache'));
  await mkdir(join(cwd, 'logs/node_modules'));
  await mkdir(join(cwd, 'node_modules/pkg/docs'), { recursive: true });
  for (const file of [
    'logs/b.log',
    'logs/a.log',
    'logs/old/c.log',
    'logs/.cache/hidden.log',
    'logs/node_modules/not.log',
    'node_modules/pkg/README.md',
    'node_modules/pkg/LICENSE',
    'node_modules/pkg/LICENSE-MIT',
    'node_modules/pkg/docs/notes.txt',
    'node_modules/pkg/index.js',
    '[brackets].log',
  ]) {
    await writeFile(join(cwd, file), file);
  }
  await symlink('nothing', join(cwd, 'logs/dangling.log'));
  await symlink('circle.log', join(cwd, 'logs/circle.log'));
  await symlink('..', join(cwd, 'logs/old/up'));
  await symlink('a.log', join(cwd, 'logs/link.log'));
});
afterAll(() => rm(cwd, { recursive: true }));

const names = async (...paths: string[]) => (await findCorpus(paths, cwd)).files.map(({ name }) => name);

test('without paths it is the documentation that npm installed, sorted by name', async () => {
  expect(await names()).toEqual([
    'node_modules/pkg/LICENSE',
    'node_modules/pkg/LICENSE-MIT',
    'node_modules/pkg/README.md',
    'node_modules/pkg/docs/notes.txt',
  ]);
});

test('from a folder without node_modules, the one above is taken', async () => {
  const { files } = await findCorpus([], join(cwd, 'logs/old'));
  // The nearest one above is logs/node_modules, which has no documentation.
  expect(files).toEqual([]);
  const deeper = await findCorpus([], join(cwd, 'node_modules/pkg/docs'));
  expect(deeper.files.map(({ name }) => name)).toContain('notes.txt');
});

test('a folder gives its files, without hidden ones, node_modules and circles of links', async () => {
  expect(await names('logs')).toEqual(['logs/a.log', 'logs/b.log', 'logs/link.log', 'logs/old/c.log']);
});

test('links that lead nowhere are issues that say what to do', async () => {
  const { issues } = await findCorpus(['logs'], cwd);
  expect(issues).toHaveLength(2);
  expect(issues.map(({ file, code }) => [file, code])).toEqual([
    ['logs/circle.log', 'FILE_UNREADABLE'],
    ['logs/dangling.log', 'FILE_NOT_FOUND'],
  ]);
  for (const { message, suggestion } of issues) {
    expect(message).toContain('cannot be read');
    expect(suggestion).toContain('symbolic link');
  }
});

test('globs, files and folders may be mixed; a file counts once', async () => {
  expect(await names('logs/*.log', 'logs/a.log', join(cwd, 'logs/old/c.log'))).toEqual(
    [join(cwd, 'logs/old/c.log').replaceAll('\\', '/'), 'logs/a.log', 'logs/b.log', 'logs/link.log'].sort(),
  );
});

test('a name that looks like a pattern is a file if there is one', async () => {
  expect(await names('[brackets].log')).toEqual(['[brackets].log']);
});

test('paths that are not there and patterns that match nothing are issues', async () => {
  const { files, issues } = await findCorpus(['none.log', '*.nothing'], cwd);
  expect(files).toEqual([]);
  expect(issues.map(({ file, code }) => [file, code])).toEqual([
    ['none.log', 'FILE_NOT_FOUND'],
    ['*.nothing', 'FILE_NO_MATCH'],
  ]);
});

test('sizes are known before anything is read', async () => {
  const { bytes, files } = await findCorpus(['logs/a.log', 'logs/b.log'], cwd);
  expect(files.map((file) => file.bytes)).toEqual([10, 10]);
  expect(bytes).toBe(20);
});

test.skipIf(process.platform === 'win32')('a socket is no file', async () => {
  const path = join(cwd, 'socket');
  const server = createServer().listen(path);
  await new Promise((resolve) => server.once('listening', resolve));
  const { issues } = await findCorpus(['socket'], cwd);
  expect(issues.map(({ code }) => code)).toEqual(['FILE_NOT_REGULAR']);
  server.close();
});
