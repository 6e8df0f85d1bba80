import { notWritable } from '../report/whole-file.ts';
import { print, type Terminal } from './terminal.ts';

/** Writes a result to standard output. @throws SpillwayError `OUTPUT_NOT_WRITABLE` */
export async function printOut({ stdout }: Terminal, text: string): Promise<void> {
  try {
    await print(stdout, text);
  } catch (error) {
    // The reader has seen enough (`| head`).
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw notWritable('standard output', error);
  }
}

/** Writes a result as JSON. @throws SpillwayError `OUTPUT_NOT_WRITABLE` */
export function printJson(terminal: Terminal, value: object): Promise<void> {
  return printOut(terminal, `${JSON.stringify(value, null, 2)}\n`);
}
