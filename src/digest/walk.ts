import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A file below a folder, or a folder that could not be read. */
export interface WalkEntry {
  readonly path: string;
  readonly error?: unknown;
}

/**
 * Every file below a folder, folder by folder in the order of names. Hidden entries and `node_modules` are left out.
 * A link to a file counts as that file; a link to a folder is not followed, so that no circle can be. A link to
 * nothing is yielded as a file, for the reader to find out.
 */
export async function* walk(folder: string): AsyncGenerator<WalkEntry> {
  let entries: Awaited<ReturnType<typeof list>>;
  try {
    entries = await list(folder);
  } catch (error) {
    yield { path: folder, error };
    return;
  }
  for (const entry of entries) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (!(entry.isSymbolicLink() && (await isFolder(path)))) yield { path };
  }
}

async function list(folder: string) {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
