import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { glob, isDynamicPattern } from 'tinyglobby';
import { type DigestIssue, fileIssue } from './issue.ts';
import { walk } from './walk.ts';

/** A file to digest. */
export interface CorpusFile {
  readonly path: string;
  /** What the user sees: relative to the working directory, or absolute if it was given so. */
  readonly name: string;
  readonly bytes: number;
}

export interface Corpus {
  /** Sorted by name. */
  readonly files: readonly CorpusFile[];
  readonly issues: readonly DigestIssue[];
  readonly bytes: number;
  /** What was looked for, in words, for messages. */
  readonly sought: string;
}

/** The documentation that npm installs with every package. */
const DEFAULT_PATTERNS = ['**/*.md', '**/*.txt', '**/LICENSE*'];
/** Files looked at together. Bounds the open requests to the file system. */
const STAT_BATCH = 64;

/**
 * Finds the files behind `paths`: files, folders (all files below, but hidden ones and `node_modules`) and glob
 * patterns. Without paths, the documentation in the nearest `node_modules`. What cannot be found or read becomes an
 * issue.
 */
export async function findCorpus(paths: readonly string[], cwd: string): Promise<Corpus> {
  const issues: DigestIssue[] = [];
  /** Absolute path to name. */
  const found = new Map<string, string>();
  if (paths.length === 0) {
    const root = await findNodeModules(cwd);
    if (root !== undefined) await addMatches(DEFAULT_PATTERNS, root, relativeTo(cwd), found);
  }
  for (const path of paths) await expand(path, cwd, found, issues);
  const named = [...found].map(([path, name]) => ({ path, name }));
  named.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const files = await sizes(named, issues);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const sought = paths.length > 0 ? paths.join(', ') : 'the documentation in node_modules';
  return { files, issues, bytes, sought };
}

type Naming = (path: string) => string;

/** Files keep the form that the user gave: absolute, or relative to the working directory. */
function namingFor(given: string, cwd: string): Naming {
  return isAbsolute(given) ? (path) => path.replaceAll(sep, '/') : relativeTo(cwd);
}

function relativeTo(cwd: string): Naming {
  return (path) => (relative(cwd, path) || '.').replaceAll(sep, '/');
}

async function expand(
  given: string,
  cwd: string,
  found: Map<string, string>,
  issues: DigestIssue[],
): Promise<void> {
  const absolute = resolve(cwd, given);
  const nameOf = namingFor(given, cwd);
  const add = (path: string): void => {
    if (!found.has(path)) found.set(path, nameOf(path));
  };
  try {
    if (!(await stat(absolute)).isDirectory()) return add(absolute);
  } catch (error) {
    if (!isDynamicPattern(given)) issues.push(fileIssue(given, error));
    else if ((await addMatches([given], cwd, nameOf, found)) === 0) issues.push(noMatch(given));
    return;
  }
  for await (const entry of walk(absolute)) {
    if (entry.error === undefined) add(entry.path);
    else issues.push(fileIssue(nameOf(entry.path), entry.error));
  }
}

/** Adds the files that match; returns how many did. */
async function addMatches(
  patterns: readonly string[],
  cwd: string,
  nameOf: Naming,
  found: Map<string, string>,
): Promise<number> {
  const matches = await glob(patterns, { cwd, absolute: true, expandDirectories: false });
  for (const match of matches) {
    const path = resolve(match);
    if (!found.has(path)) found.set(path, nameOf(path));
  }
  return matches.length;
}

async function sizes(
  named: readonly { readonly path: string; readonly name: string }[],
  issues: DigestIssue[],
): Promise<CorpusFile[]> {
  const files: CorpusFile[] = [];
  for (let start = 0; start < named.length; start += STAT_BATCH) {
    const batch = named.slice(start, start + STAT_BATCH);
    const looked = await Promise.allSettled(batch.map(({ path }) => stat(path)));
    for (const [index, result] of looked.entries()) {
      const { path, name } = batch[index]!;
      if (result.status === 'rejected') issues.push(fileIssue(name, result.reason));
      else if (result.value.isFile()) files.push({ path, name, bytes: result.value.size });
      else issues.push(notRegular(name));
    }
  }
  return files;
}

/** The nearest `node_modules` above the working directory, else above this package. */
async function findNodeModules(cwd: string): Promise<string | undefined> {
  for (const start of [cwd, dirname(fileURLToPath(import.meta.url))]) {
    for (let folder = start; ; folder = dirname(folder)) {
      const candidate = resolve(folder, 'node_modules');
      const isFolder = await stat(candidate).then(
        (found) => found.isDirectory(),
        () => false,
      );
      if (isFolder) return candidate;
      if (folder === dirname(folder)) break;
    }
  }
  return undefined;
}

function noMatch(file: string): DigestIssue {
  return {
    file,
    code: 'FILE_NO_MATCH',
    message: `no file matches ${file}`,
    suggestion: 'check the pattern; quote it so that the shell leaves it alone',
  };
}

function notRegular(file: string): DigestIssue {
  return {
    file,
    code: 'FILE_NOT_REGULAR',
    message: `${file} is neither a file nor a folder`,
    suggestion: 'name regular files; pipes, sockets and devices are not read',
  };
}
