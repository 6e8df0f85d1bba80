import { CHUNK_DEFAULTS } from './defaults.ts';
import { groupingByKey, type KeyGroup } from './key-groups.ts';
import { splittingLines } from './line-splitter.ts';
import { checkChunking, checkSource } from './options.ts';
import { type Measure, packing } from './packer.ts';
import { chained, drained, type Source, type Stage } from './stage.ts';
import { asPieces, decoding, type TextPiece } from './text-pieces.ts';
import { cutToFit, estimateTokens } from './token-estimate.ts';

/** Items: so many together. The last chunk may have fewer. */
export interface ChunkByCount {
  readonly by: 'count';
  readonly items: number;
}

/** Text: so many bytes of UTF-8 at most, at least 4. Cut at line ends; a longer line is cut between characters. */
export interface ChunkByBytes {
  readonly by: 'bytes';
  readonly bytes: number;
}

/** Text: so many lines together, with their line ends. */
export interface ChunkByLines {
  readonly by: 'lines';
  readonly lines: number;
  /** A longer line is cut between characters, and each part counts as a line. Default 1 MiB. */
  readonly maxLineBytes?: number;
}

/**
 * Text: so many tokens at most, the sum of the estimates of its lines. Cut at line ends; a longer line is cut after a
 * blank if it has one, else between characters.
 */
export interface ChunkByTokens {
  readonly by: 'tokens';
  readonly tokens: number;
  /**
   * How many tokens a text has; no fewer for a longer one. Default: one for each four bytes of UTF-8, rounded up, which is
   * about right for English and too many for most code.
   */
  readonly estimate?: (text: string) => number;
  /** A longer line is cut before it is estimated. Default 1 MiB. */
  readonly maxLineBytes?: number;
}

/** Items: those of an equal key together. */
export interface ChunkByKey<T, K> {
  readonly by: 'key';
  readonly keyOf: (item: T) => K;
  /**
   * Groups that are kept open at once. When another is opened, the one that has waited longest is given, so a key may come
   * more than once. Default 1: items of a key have to be consecutive to be one group.
   */
  readonly maxOpen?: number;
  /** Items of a group at most; then it is given, and the key begins anew. Default 10,000. */
  readonly maxItems?: number;
}

export type ChunkText = ChunkByBytes | ChunkByLines | ChunkByTokens;

/** A text, or its pieces, such as a stream of a file. */
export type TextSource = TextPiece | Source<TextPiece>;

/**
 * Cuts a source into chunks, which come as they are asked for: no more than a chunk, or the open groups, is held. Chunks
 * of a text, put together, are the text. Bytes that are not UTF-8 become U+FFFD, and a byte order mark is dropped.
 * @throws ConfigError for options that are not allowed; ChunkError, while it runs, for items that are no text
 */
export function chunk<T>(source: Source<T>, options: ChunkByCount): AsyncGenerator<T[], void>;
export function chunk(source: TextSource, options: ChunkText): AsyncGenerator<string, void>;
export function chunk<T, K>(
  source: Source<T>,
  options: ChunkByKey<T, K>,
): AsyncGenerator<KeyGroup<T, K>, void>;
export function chunk(
  source: TextSource | Source<unknown>,
  options: ChunkByCount | ChunkText | ChunkByKey<unknown, unknown>,
): AsyncGenerator<unknown, void> {
  checkChunking('chunk', options);
  const isText = options.by !== 'count' && options.by !== 'key';
  const items: Source<unknown> = isText ? asPieces(source) : (source as Source<unknown>);
  checkSource('chunk.source', items, 'something to iterate over');
  switch (options.by) {
    case 'count':
      return drained(items, countingTo(options.items));
    case 'key': {
      const { maxOpen = CHUNK_DEFAULTS.maxOpen, maxItems = CHUNK_DEFAULTS.maxItems } = options;
      return drained(items, groupingByKey(options.keyOf, maxOpen, maxItems));
    }
    default:
      return drained(items as Source<TextPiece>, chained(decoding(), cuttingText(options)));
  }
}

function cuttingText(options: ChunkText): Stage<string, string> {
  const { maxLineBytes = CHUNK_DEFAULTS.maxLineBytes } = 'maxLineBytes' in options ? options : {};
  switch (options.by) {
    case 'bytes':
      return chained(splittingLines(options.bytes), packing(options.bytes, Buffer.byteLength));
    case 'lines':
      return chained(
        splittingLines(maxLineBytes),
        packing(options.lines, () => 1),
      );
    case 'tokens': {
      const estimate: Measure = options.estimate ?? estimateTokens;
      const cut = (text: string) => cutToFit(text, options.tokens, estimate);
      return chained(splittingLines(maxLineBytes), packing(options.tokens, estimate, cut));
    }
  }
}

function countingTo<T>(items: number): Stage<T, T[]> {
  let held: T[] = [];
  const flush = () => {
    const full = held;
    held = [];
    return [full];
  };
  return {
    push(item) {
      held.push(item);
      return held.length < items ? [] : flush();
    },
    end: () => (held.length === 0 ? [] : flush()),
  };
}
