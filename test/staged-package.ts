import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, realpath, rename, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { succeed } from './subprocess.ts';
import { ROOT, readProject } from './tidy/source-file.ts';

export const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

const CACHE = join(ROOT, 'node_modules/.cache/spillway-package');
/** Builds of earlier states of the source are kept this long, in milliseconds: another run may be using them. */
const KEPT_MS = 60 * 60 * 1000;
const BUILT_FROM = /^((src|workers)\/|build\.mjs$|package\.json$|tsconfig[.\w]*\.json$)/;

/**
 * Folder of the built package, which is shared: do not write there. It is built once for a state of the source, and
 * appears when it is complete, so that no test waits for `dist`, takes it from another, or tests what is stale.
 */
export async function builtPackage(): Promise<string> {
  const folder = join(CACHE, stateOfSource());
  if (existsSync(folder)) return folder;
  await mkdir(CACHE, { recursive: true });
  const draft = await mkdtemp(`${folder}-`);
  await succeed(process.execPath, [join(ROOT, 'build.mjs'), join(draft, 'dist')], ROOT);
  await cp(join(ROOT, 'package.json'), join(draft, 'package.json'));
  // Temporary folders are private; a test may run the package as another user.
  await chmod(draft, 0o755);
  await rename(draft, folder).catch(async (error) => {
    // Somebody else was faster; theirs is the same.
    if (!existsSync(folder)) throw error;
    await rm(draft, { recursive: true });
  });
  await removeOld();
  return folder;
}

function stateOfSource(): string {
  const hash = createHash('sha256');
  const files = readProject().filter(({ path }) => BUILT_FROM.test(path));
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const { path, text } of files) hash.update(`${path}\0${text}\0`);
  return hash.digest('hex').slice(0, 16);
}

async function removeOld(): Promise<void> {
  for (const name of await readdir(CACHE)) {
    const path = join(CACHE, name);
    const builtAtMs = await stat(path).then(({ mtimeMs }) => mtimeMs, whenGone);
    if (Date.now() - builtAtMs > KEPT_MS) await rm(path, { recursive: true, force: true });
  }
}

/** Another process, which builds at the same time, may have removed it. */
function whenGone(error: NodeJS.ErrnoException): number {
  if (error.code !== 'ENOENT') throw error;
  return Number.POSITIVE_INFINITY;
}

/** A copy of the package as users get it, in a folder of its own. */
export interface StagedPackage {
  readonly folder: string;
  remove(): Promise<void>;
}

/** Puts the built package into a temporary folder, where `spillway` is the name of the copy itself. */
export async function stagePackage(): Promise<StagedPackage> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'spillway-package-')));
  await cp(await builtPackage(), folder, { recursive: true });
  for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md']) {
    if (existsSync(join(ROOT, file))) await cp(join(ROOT, file), join(folder, file));
  }
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
