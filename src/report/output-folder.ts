import { mkdir, open, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { notWritable, temporaryPath, writeWhole } from './whole-file.ts';

/** The folder that result files go to. */
export class OutputFolder {
  readonly path: string;
  readonly #id: number;

  private constructor(path: string, id: number) {
    this.path = path;
    this.#id = id;
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

  /** For what is there only while the run is. */
  temporaryPath(name: string): string {
    return temporaryPath(join(this.path, name), this.#id);
  }

  /** Writes a file in full, as `writeWhole`, and gives its path. @throws SpillwayError `OUTPUT_NOT_WRITABLE` */
  async write(name: string, text: string): Promise<string> {
    const path = join(this.path, name);
    await writeWhole(path, text, this.#id);
    return path;
  }
}
