import { SpillwayError } from '../contract/errors.ts';
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
  return printOut(terminal, `${jsonText(value, 2)}\n`);
}

/** JSON of what handlers gave, which may hold what JSON does not know: large integers become strings. */
export function jsonText(value: object, indent?: number): string {
  try {
    return JSON.stringify(value, (_key, of) => (typeof of === 'bigint' ? `${of}` : of), indent);
  } catch (error) {
    const message = `cannot write JSON: ${(error as Error).message}; let handlers return plain data`;
    throw new SpillwayError('OUTPUT_NOT_WRITABLE', message, { cause: error });
  }
}

/** What a machine reads when there is no result. */
export function printFatal(terminal: Terminal, { code, message }: SpillwayError): Promise<void> {
  // Our messages end with what to do next.
  const suggestion = message.slice(message.lastIndexOf('; ') + 1).trim();
  return printJson(terminal, {
    status: 'failed',
    data: null,
    metadata: null,
    errors: [{ code, message, suggestion }],
  });
}
