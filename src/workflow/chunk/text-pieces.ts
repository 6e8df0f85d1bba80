import { inspect } from 'node:util';
import { ChunkError } from './chunk-error.ts';
import type { Stage } from './stage.ts';

/** Text or UTF-8 bytes, cut anywhere. */
export type TextPiece = string | Uint8Array;

/**
 * Decodes pieces of a text; characters may be cut by their borders. Bytes that are not UTF-8 become U+FFFD, and a byte
 * order mark at the start is dropped.
 */
export function decoding(): Stage<TextPiece, string> {
  const decoder = new TextDecoder('utf-8');
  return {
    push(piece) {
      if (typeof piece === 'string') return [decoder.decode() + piece];
      if (piece instanceof Uint8Array) return [decoder.decode(piece, { stream: true })];
      throw new ChunkError(
        undefined,
        `expected pieces of text, as strings or Buffers, got ${inspect(piece, { depth: 0 })}; cut other items by 'count' or 'key'`,
      );
    },
    end: () => [decoder.decode()],
  };
}

/** A string and a Buffer are iterable themselves, and meant as one piece. */
export function asPieces<S>(source: S | TextPiece): S | readonly TextPiece[] {
  return typeof source === 'string' || source instanceof Uint8Array ? [source] : source;
}
