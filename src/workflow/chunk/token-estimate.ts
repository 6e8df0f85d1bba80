import type { Measure } from './packer.ts';

/** English text has about four characters a token, and other scripts, with more bytes a character, fewer. */
const BYTES_PER_TOKEN = 4;

/** A rule of thumb where no tokenizer is at hand: one token for each four bytes of UTF-8, rounded up. */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}

/**
 * Cuts a text into parts of at most `most`, after a blank where there is one, never inside a character. A single
 * character that is more by itself is a part of its own.
 * @param measure has to be no less for a longer text
 */
export function* cutToFit(text: string, most: number, measure: Measure): Iterable<string> {
  let rest = text;
  while (rest !== '' && measure(rest) > most) {
    const end = characterEnd(rest, longestFit(rest, most, measure));
    const blank = rest.lastIndexOf(' ', end - 1);
    const cut = blank > 0 ? blank + 1 : end;
    yield rest.slice(0, cut);
    rest = rest.slice(cut);
  }
  if (rest !== '') yield rest;
}

/** How many code units fit, by halving. */
function longestFit(text: string, most: number, measure: Measure): number {
  let fits = 0;
  let tooLong = text.length;
  while (tooLong - fits > 1) {
    const middle = Math.floor((fits + tooLong) / 2);
    if (measure(text.slice(0, characterStart(text, middle))) <= most) fits = middle;
    else tooLong = middle;
  }
  return fits;
}

/** The place, or the one before it if it is inside of a character. */
function characterStart(text: string, at: number): number {
  const isInside = /^[\udc00-\udfff]$/.test(text[at] ?? '') && /^[\ud800-\udbff]$/.test(text[at - 1] ?? '');
  return isInside ? at - 1 : at;
}

/** Where to cut: at least one character is taken. */
function characterEnd(text: string, at: number): number {
  const start = characterStart(text, at);
  return start > 0 ? start : String.fromCodePoint(text.codePointAt(0)!).length;
}
