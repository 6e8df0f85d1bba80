import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OutputFolder } from '../../src/report/output-folder.ts';
import { notWritable } from '../../src/report/whole-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-output-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('the folder is made, and files replace older ones without a trace', async () => {
  const path = join(folder, 'a/b');
  const output = await OutputFolder.open(path, 1);
  await output.write('result.json', 'old');
  expect(await output.write('result.json', 'new')).toBe(join(path, 'result.json'));
  expect(await readFile(join(path, 'result.json'), 'utf8')).toBe('new');
  expect(await readdir(path)).toEqual(['result.json']);
});

test('a folder below a file is refused when it is opened', async () => {
  await writeFile(join(folder, 'file'), '');
  await expect(OutputFolder.open(join(folder, 'file/out'), 1)).rejects.toMatchObject({
    code: 'OUTPUT_NOT_WRITABLE',
    message: expect.stringMatching(/cannot write .*file.out: .*; choose a place .* --out/),
  });
});

test('a file that cannot be put in place leaves no temporary one', async () => {
  const path = join(folder, 'blocked');
  await mkdir(join(path, 'result.json/inside'), { recursive: true });
  const output = await OutputFolder.open(path, 1);
  await expect(output.write('result.json', 'text')).rejects.toMatchObject({ code: 'OUTPUT_NOT_WRITABLE' });
  expect(await readdir(path)).toEqual(['result.json']);
});

test('a full disk is called that', () => {
  const cause = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const { message } = notWritable('/data/result.json', cause);
  expect(message).toContain('cannot write /data/result.json');
  expect(message).toContain('the disk is full');
});
