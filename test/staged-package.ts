import { existsSync } from 'node:fs';
import { cp, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { succeed } from './subprocess.ts';

export const ROOT = fileURLToPath(new URL('../', import.meta.url));
export const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

/** A copy of the package as users get it, in a folder of its own: no test waits for `dist`, or takes it from another. */
export interface StagedPackage {
  readonly folder: string;
  remove(): Promise<void>;
}

/** Builds the package into a temporary folder, where `spillway` is the name of the copy itself. */
export async function stagePackage(): Promise<StagedPackage> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'spillway-package-')));
  const outDir = join(folder, 'dist');
  await succeed(process.execPath, [join(ROOT, 'build.mjs'), outDir], ROOT);
  for (const file of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md']) {
    if (existsSync(join(ROOT, file))) await cp(join(ROOT, file), join(folder, file));
  }
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
