import { truncate } from './truncate.ts';

/** A sentence of prose or a line of a log: what a summary is made of. */
export interface Sentence {
  readonly text: string;
  readonly words: readonly string[];
}

const MAX_SENTENCE_CHARS = 240;
const MIN_WORDS = 4;
const FEW_SENTENCES = 3;
const SENTENCE_END = /(?<=[.!?])\s+(?=[\p{Lu}"'(`])/u;
const WORD = /[\p{L}][\p{L}\p{N}'_-]{2,}/gu;

/** Words that say nothing about what a text is about. */
const EMPTY_WORDS = new Set(
  (
    'the and for that this with from have has had are was were will would can could should not you your our their its ' +
    'but all any may such which when then than into also been being other more use used using see only these those'
  ).split(' '),
);

/**
 * Splits a text into the sentences that a summary may quote. Prose is cut at sentence ends, lines that end without
 * one (logs, headings, code) stand alone; markup that reads badly out of place is taken off, and so are fenced blocks
 * of code if there is anything else.
 */
export function sentencesOf(text: string): Sentence[] {
  const prose = sentencesIn(text.replace(/^```[\s\S]*?^```/gm, '\n\n'));
  return prose.length >= FEW_SENTENCES ? prose : sentencesIn(text);
}

function sentencesIn(text: string): Sentence[] {
  const sentences: Sentence[] = [];
  for (const block of text.split(/\n\s*\n/)) {
    for (const piece of piecesOf(block)) {
      const clean = withoutMarkup(piece);
      const words = wordsOf(clean);
      if (words.length < MIN_WORDS) continue;
      sentences.push({ text: shorten(clean), words });
    }
  }
  return sentences;
}

/** Records (a log, a list, a table, code) are cut at lines, wrapped prose is not; both at the ends of sentences. */
function piecesOf(block: string): string[] {
  const lines = block.split('\n');
  const parts = areRecords(lines) ? lines : [block.replace(/\s+/g, ' ')];
  return parts.flatMap((part) => part.split(SENTENCE_END));
}

/** Records begin alike, or end like code. Lines of wrapped prose that begin alike begin in lower case. */
function areRecords(lines: readonly string[]): boolean {
  const shapes = new Map<string, number>();
  let codeEnds = 0;
  for (const line of lines) {
    const shape = shapeOf(line);
    if (!shape.startsWith('a')) shapes.set(shape, (shapes.get(shape) ?? 0) + 1);
    if (/[;{}()\]]\s*$/.test(line)) codeEnds += 1;
  }
  const alike = Math.max(0, ...shapes.values());
  return alike > lines.length * 0.6 || codeEnds > lines.length * 0.4;
}

/** How a line begins: `Jun 14 15:16` is `Aa `, `[Sun Dec` is `[Aa`, `081109 20` is `0 0`. */
function shapeOf(line: string): string {
  const start = line.trimStart().slice(0, 16);
  return start
    .replace(/[A-Z]+/g, 'A')
    .replace(/[a-z]+/g, 'a')
    .replace(/\d+/g, '0')
    .slice(0, 3);
}

function withoutMarkup(piece: string): string {
  return piece
    .replace(/!\[[^\]]*\]\([^)]*\)/g, ' ')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/<\/?[a-zA-Z][^>]*>/g, ' ')
    .replace(/[`*]{1,3}|^\s*(#{1,6}|[-+>|])\s+|\s\|\s/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

function wordsOf(clean: string): string[] {
  const words: string[] = [];
  for (const [word] of clean.toLowerCase().matchAll(WORD)) if (!EMPTY_WORDS.has(word)) words.push(word);
  return words;
}

function shorten(clean: string): string {
  if (clean.length <= MAX_SENTENCE_CHARS) return clean;
  const cut = clean.lastIndexOf(' ', MAX_SENTENCE_CHARS - 1);
  return `${truncate(clean, cut > MAX_SENTENCE_CHARS / 2 ? cut : MAX_SENTENCE_CHARS - 1)}…`;
}
