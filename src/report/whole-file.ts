import { rename, rm, writeFile } from 'node:fs/promises';
import { SpillwayError } from '../contract/errors.ts';

/**
 * Writes a result file so that it is there in full or, if that fails, as it was before.
 * @param id tells the temporary file of this run from that of another, such as the process id
 * @throws SpillwayError `OUTPUT_NOT_WRITABLE`
 */
export async function writeWhole(path: string, text: string, id: number): Promise<void> {
  const temporary = `${path}.${id}.tmp`;
  try {
    await writeFile(temporary, text, { flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    const message = `cannot write ${path}: ${(error as Error).message}; choose another place with --out`;
    throw new SpillwayError('OUTPUT_NOT_WRITABLE', message, { cause: error });
  }
}
