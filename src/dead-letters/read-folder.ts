import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { DeadLetter, OpenDeadLetter } from '../contract/dead-letters.ts';
import { decodeRecord, readSegment } from '../overflow/record.ts';
import { Segment, segmentNumber } from '../overflow/segment.ts';
import { LETTER_LOG, type LetterEntry } from './letter-log.ts';

/** A letter, and how to come by its input. */
export interface FoundLetter {
  readonly letter: DeadLetter;
  /** @throws Error if it cannot be read */
  open(): OpenDeadLetter;
}

/**
 * The letters in a folder, newest first, whether an engine uses it or not: nothing is changed, and no lock is taken.
 * @throws SpillwayError DEAD_LETTERS_UNUSABLE
 */
export function readLetters(folder: string): FoundLetter[] {
  const path = resolve(folder);
  try {
    const names = readdirSync(path).filter((name) => segmentNumber(LETTER_LOG.name, name) !== undefined);
    const byId = new Map<string, FoundLetter & { readonly at: number }>();
    for (const name of names.sort()) {
      for (const [at, found] of lettersIn(path, join(path, name))) {
        const other = byId.get(found.letter.id);
        if (other === undefined || other.at < at) byId.set(found.letter.id, { ...found, at });
      }
    }
    return [...byId.values()].sort((a, b) => b.at - a.at);
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    throw LETTER_LOG.unusable(path, error.message, error);
  }
}

function lettersIn(folder: string, path: string): [number, FoundLetter][] {
  // Before the records: one that is crossed out in between is shown, and none that is there is missed.
  const done = Segment.acknowledged(path);
  const bytes = readFileSync(path);
  const content = readSegment<LetterEntry>(bytes, LETTER_LOG.name);
  if (content === undefined) {
    throw LETTER_LOG.unusable(folder, `${path} is not a file of this version of Spillway; move it away`);
  }
  return content.records
    .filter(({ meta }) => !done.has(meta.id))
    .map(({ meta: { id, letter }, offset, bytes: length }) => {
      const record = bytes.subarray(offset, offset + length);
      const open = () => ({
        ...letter,
        input: decodeRecord<LetterEntry>(record, content.salt, offset).input,
      });
      return [id, { letter, open }];
    });
}
