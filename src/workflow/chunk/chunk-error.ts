import { SpillwayError } from '../../contract/errors.ts';

/** What is to be cut into chunks is no text, or has a line that is too long to be held. */
export class ChunkError extends SpillwayError {
  /** Of the file, if it is one. */
  readonly path: string | undefined;
  constructor(path: string | undefined, message: string, options?: { cause?: unknown }) {
    super('CHUNK_SOURCE_UNUSABLE', path === undefined ? message : `${path}: ${message}`, options);
    this.path = path;
  }
}
