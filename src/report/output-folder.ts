import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SpillwayError } from '../contract/errors.ts';

/** The folder that result files go to. */
export class OutputFolder {
  readonly path: string;
  readonly #temporary: string;

  private constructor(path: string, id: number) {
    this.path = path;
    this.#temporary = `.spillway-${id}`;
  }

  /**
   * Makes the folder and tries to write to it, so that a long run does not find out at its end.
   * @param id tells the temporary files of this run from those of another, such as the process id
   * @throws SpillwayError `OUTPUT_NOT_WRITABLE`
   */
  static async open(path: string, id: number): Promise<OutputFolder> {
    const folder = new OutputFolder(resolve(path), id);
    const probe = folder.temporaryPath('probe');
    try {
      await mkdir(folder.path, { recursive: true });
      await (await open(probe, 'w')).close();
      await rm(probe);
    } catch (error) {
      throw notWritable(folder.path, error);
    }
    return folder;
  }

  temporaryPath(name: string): string {
    return join(this.path, `${this.#temporary}-${name}`);
  }

  /**
   * Writes a file so that it is there in full or, if that fails, as it was before.
   * @throws SpillwayError `OUTPUT_NOT_WRITABLE`
   */
  async write(name: string, text: string): Promise<string> {
    const path = join(this.path, name);
    const temporary = this.temporaryPath(name);
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
    return path;
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free some space, or choose another folder with --out DIR',
  EDQUOT: 'your quota is used up: free some space, or choose another folder with --out DIR',
  EFBIG:
    'files may not grow that large here: raise the limit (ulimit -f), or choose another folder with --out DIR',
  EROFS: 'that file system is read-only: choose another folder with --out DIR',
};

/** The error for a file or folder that cannot be written, with the advice for its cause. */
export function notWritable(path: string, cause: unknown): SpillwayError {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  const advice = ADVICE[code] ?? 'choose a folder that you can write to with --out DIR';
  return new SpillwayError('OUTPUT_NOT_WRITABLE', `cannot write ${path}: ${message}; ${advice}`, { cause });
}
