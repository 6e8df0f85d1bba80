import type { Segment } from './line-splitter.ts';
import type { Stage } from './stage.ts';

/** How large a segment is, in what its chunk is bounded by. */
export type Measure = (text: string) => number;

/**
 * Joins segments to chunks of a size of at most `most`, each as large as it can be. A segment that is larger by itself is
 * cut by `cut`; without it, it is a chunk of its own.
 */
export function packing(
  most: number,
  measure: Measure,
  cut: (text: string) => Iterable<string> = (text) => [text],
): Stage<Segment, string> {
  let held = '';
  let size = 0;
  function* put(text: string): Iterable<string> {
    const added = measure(text);
    if (held !== '' && size + added > most) yield* flush();
    held += text;
    size += added;
  }
  function* flush(): Iterable<string> {
    if (held !== '') yield held;
    held = '';
    size = 0;
  }
  return {
    *push({ text }) {
      for (const part of measure(text) > most ? cut(text) : [text]) yield* put(part);
    },
    end: flush,
  };
}
