import type { DeadLetter } from '../contract/dead-letters.ts';
import { SpillwayError } from '../contract/errors.ts';
import type { LogHeld, LogKind, LogMeta, LogPlace } from '../overflow/log-kind.ts';
import type { Segment } from '../overflow/segment.ts';
import type { KeptLetter } from './letter-store.ts';

/** A letter as it is written down. */
export interface LetterEntry {
  readonly letter: DeadLetter;
  readonly input: unknown;
}

/** A letter on disk; its input is read when it is asked for. */
export class LetterOnDisk implements LogHeld, KeptLetter {
  readonly id: number;
  readonly letter: DeadLetter;
  readonly segment: Segment;
  readonly offset: number;
  readonly bytes: number;

  constructor({ id, letter }: LogMeta<LetterEntry>, { segment, offset, bytes }: LogPlace) {
    this.id = id;
    this.letter = letter;
    this.segment = segment;
    this.offset = offset;
    this.bytes = bytes;
  }
}

/** The log of dead letters. */
export const LETTER_LOG: LogKind<LetterEntry, LetterOnDisk> = {
  name: 'dead-letters',
  hold: (meta, place) => new LetterOnDisk(meta, place),
  unusable(folder, why, cause) {
    const options = cause === undefined ? undefined : { cause };
    return new SpillwayError('DEAD_LETTERS_UNUSABLE', `folder of dead letters ${folder}: ${why}`, options);
  },
};
