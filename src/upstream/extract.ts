import { type Sentence, sentencesOf } from './sentences.ts';
import { truncate } from './truncate.ts';

const MAX_SENTENCES = 3;
/** Sentences looked at, evenly spread; a longer text has no better ones. */
const MAX_CANDIDATES = 400;

/**
 * The most representative sentences of a text, in the order of the text. Deterministic.
 * Source: SumBasic (Nenkova and Vanderwende, 2005): a sentence is as good as its words are frequent on average, and
 * a word that has been said counts for less afterwards.
 */
export function extractSummary(text: string, maxChars: number): string {
  const candidates = spread(sentencesOf(text), MAX_CANDIDATES);
  if (candidates.length === 0) return truncate(text.replace(/\s+/g, ' ').trim(), maxChars);
  const weights = wordWeights(candidates);
  const chosen = new Set<number>();
  let chars = 0;
  while (chosen.size < Math.min(MAX_SENTENCES, candidates.length)) {
    const best = bestOf(candidates, weights, chosen);
    if (best < 0) break;
    const sentence = candidates[best]!;
    if (chosen.size > 0 && chars + sentence.text.length + 1 > maxChars) break;
    chosen.add(best);
    chars += sentence.text.length + 1;
    for (const word of new Set(sentence.words)) weights.set(word, (weights.get(word) ?? 0) ** 2);
  }
  const inOrder = [...chosen].sort((a, b) => a - b).map((index) => candidates[index]!.text);
  return truncate(joined(inOrder), maxChars);
}

/** Sentences on one line, what has no end of its own (a log line, a heading) on a line of its own. */
function joined(sentences: readonly string[]): string {
  let text = '';
  for (const sentence of sentences) {
    if (text !== '') text += /[.!?][)"']?$/.test(text) ? ' ' : '\n';
    text += sentence;
  }
  return text;
}

/** The share of each word among all words. */
function wordWeights(sentences: readonly Sentence[]): Map<string, number> {
  const counts = new Map<string, number>();
  let total = 0;
  for (const { words } of sentences) {
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
    total += words.length;
  }
  for (const [word, count] of counts) counts.set(word, count / total);
  return counts;
}

function bestOf(
  sentences: readonly Sentence[],
  weights: ReadonlyMap<string, number>,
  taken: ReadonlySet<number>,
): number {
  let best = -1;
  let bestScore = 0;
  for (const [index, { words }] of sentences.entries()) {
    if (taken.has(index)) continue;
    let sum = 0;
    for (const word of words) sum += weights.get(word) ?? 0;
    // A very short sentence of frequent words says little; below eight words the rest counts as silence.
    const score = sum / Math.max(words.length, 8);
    if (score > bestScore) {
      best = index;
      bestScore = score;
    }
  }
  return best;
}

function spread<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)]!);
}
