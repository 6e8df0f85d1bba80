import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SpillwayError } from '../contract/errors.ts';

/**
 * Writes a result file so that it is there in full or, if that fails, as it was before.
 * @param id tells the temporary file of this run from that of another, such as the process id
 * @throws SpillwayError `OUTPUT_NOT_WRITABLE`
 */
export async function writeWhole(path: string, text: string, id: number): Promise<void> {
  const temporary = temporaryPath(path, id);
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    // What could not be written may not be there to remove either; the first error is the one that counts.
    await rm(temporary, { force: true }).catch(() => {});
    throw notWritable(path, error);
  }
}

/** Where a file stands until it is whole: in the same folder, so that it can be renamed. */
export function temporaryPath(path: string, id: number): string {
  return join(dirname(path), `.spillway-${id}-${basename(path)}`);
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free some space, or choose another place with --out',
  EDQUOT: 'your quota is used up: free some space, or choose another place with --out',
  EFBIG:
    'files may not grow that large here: raise the limit (ulimit -f), or choose another place with --out',
  EROFS: 'that file system is read-only: choose another place with --out',
};

/** The error for a file or folder that cannot be written, with the advice for its cause. */
export function notWritable(path: string, cause: unknown): SpillwayError {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  const advice = ADVICE[code] ?? 'choose a place that you can write to with --out';
  return new SpillwayError('OUTPUT_NOT_WRITABLE', `cannot write ${path}: ${message}; ${advice}`, { cause });
}
