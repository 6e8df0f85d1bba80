import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import type { WorkflowEvent } from '../contract/workflow-events.ts';
import { notWritable } from '../report/whole-file.ts';
import { jsonText } from './print-out.ts';

/** Writes events to a file as they come, a line of JSON each. */
export class EventFile {
  readonly #path: string;
  readonly #stream: WriteStream;
  #error: unknown;

  private constructor(path: string, stream: WriteStream) {
    this.#path = path;
    this.#stream = stream;
    stream.on('error', (error) => {
      this.#error ??= error;
    });
  }

  /** @throws SpillwayError `OUTPUT_NOT_WRITABLE` */
  static async open(path: string): Promise<EventFile> {
    const stream = createWriteStream(path);
    try {
      await once(stream, 'open');
    } catch (error) {
      throw notWritable(path, error);
    }
    return new EventFile(path, stream);
  }

  /** Resolves when there is room for more. @throws SpillwayError `OUTPUT_NOT_WRITABLE` */
  async write(event: WorkflowEvent): Promise<void> {
    this.#check();
    if (this.#stream.write(`${jsonText(event)}\n`)) return;
    await once(this.#stream, 'drain').catch(() => this.#check());
  }

  /** @throws SpillwayError `OUTPUT_NOT_WRITABLE` if not all of it was written */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#stream.end(resolve).once('close', resolve));
    this.#check();
  }

  #check(): void {
    if (this.#error !== undefined) throw notWritable(this.#path, this.#error);
  }
}
