import type { Stage } from './stage.ts';

/** A line with its line end, or a part of a line that is too long. */
export interface Segment {
  readonly text: string;
  /** Whether the line goes on in the next segment, because it is too long. */
  readonly isCut: boolean;
}

/**
 * Splits a text, which comes in pieces, after each `\n`. A line of more than `maxLineBytes` in UTF-8 is cut between
 * characters; no more than that, and one piece, is held.
 */
export function splittingLines(maxLineBytes: number): Stage<string, Segment> {
  const encoder = new TextEncoder();
  // Filled to see how many whole characters fit.
  let space: Uint8Array | undefined;
  let held = '';

  /** Cuts off what is too long. */
  function* cutOff(): Iterable<Segment> {
    // A character has at least as many bytes as UTF-16 code units: most lines need no count.
    while (held.length * 3 > maxLineBytes && Buffer.byteLength(held) > maxLineBytes) {
      space ??= new Uint8Array(maxLineBytes);
      const { read } = encoder.encodeInto(held, space);
      yield { text: held.slice(0, read), isCut: true };
      held = held.slice(read);
    }
  }

  function* complete(): Iterable<Segment> {
    yield* cutOff();
    yield { text: held, isCut: false };
    held = '';
  }

  return {
    *push(text) {
      let from = 0;
      for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
        held += text.slice(from, at + 1);
        from = at + 1;
        yield* complete();
      }
      held += text.slice(from);
      if (held.length > maxLineBytes) yield* cutOff();
    },
    *end() {
      if (held !== '') yield* complete();
    },
  };
}
