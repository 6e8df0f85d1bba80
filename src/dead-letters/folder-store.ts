import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import type { Clock } from '../contract/clock.ts';
import type { DeadLetter } from '../contract/dead-letters.ts';
import { encodePayload } from '../overflow/exact-payload.ts';
import { SegmentLog } from '../overflow/segment-log.ts';
import { LETTER_LOG, type LetterEntry, LetterOnDisk } from './letter-log.ts';
import { type KeptLetter, type LetterStore, MemoryStore } from './letter-store.ts';

export interface FolderStoreOptions {
  readonly folder: string;
  readonly maxBytes: number;
}

export interface FolderStorePort {
  readonly clock: Clock;
  readonly failed: (error: unknown) => void;
}

/** How often what was written is forced to the disk, in milliseconds. `kill -9` loses nothing in between; a power cut does. */
const SYNC_EVERY_MS = 1_000;
/** Share of the folder that one letter may take. */
const LARGEST_SHARE = 1 / 8;

/** Letters in files. One that cannot be written is kept in memory, and the error reported. */
export class FolderStore implements LetterStore {
  private readonly log: SegmentLog<LetterEntry, LetterOnDisk>;
  private readonly maxBytes: number;
  private readonly failed: (error: unknown) => void;
  private readonly memory = new MemoryStore();

  private constructor(
    log: SegmentLog<LetterEntry, LetterOnDisk>,
    maxBytes: number,
    failed: FolderStorePort['failed'],
  ) {
    this.log = log;
    this.maxBytes = maxBytes;
    this.failed = failed;
  }

  /**
   * Opens the folder, or makes it.
   * @returns the store, and the letters in it, oldest first
   * @throws SpillwayError DEAD_LETTERS_UNUSABLE
   */
  static async open(
    { folder, maxBytes }: FolderStoreOptions,
    { clock, failed }: FolderStorePort,
  ): Promise<[FolderStore, readonly KeptLetter[]]> {
    const options = {
      folder: resolve(folder),
      maxBytes,
      maxEntries: Number.MAX_SAFE_INTEGER,
      syncEveryMs: SYNC_EVERY_MS,
    };
    const salt = () => randomInt(2 ** 32);
    const [log, held] = await SegmentLog.open(LETTER_LOG, options, { clock, failed, salt });
    const store = new FolderStore(log, maxBytes, failed);
    return [store, store.newestOf(held)];
  }

  keep(letter: DeadLetter, input: unknown): KeptLetter | 'full' {
    try {
      const wanted = letter.inputState === 'kept' ? this.append(letter, input) : 'inexact';
      if (wanted === 'inexact') {
        const inputState = letter.inputState === 'kept' ? 'not-exact' : letter.inputState;
        return this.keepWithout({ ...letter, inputState });
      }
      if (wanted !== 'full') return wanted;
      const bytes = encodePayload(input)?.length ?? 0;
      return bytes > this.maxBytes * LARGEST_SHARE
        ? this.keepWithout({ ...letter, inputState: 'too-large' })
        : 'full';
    } catch (error) {
      this.failed(error);
      return this.memory.keep(letter, input);
    }
  }

  async read(kept: KeptLetter): Promise<unknown> {
    if (!(kept instanceof LetterOnDisk)) return this.memory.read(kept);
    return (await this.log.read(kept)).input;
  }

  drop(kept: KeptLetter): void {
    if (!(kept instanceof LetterOnDisk)) return;
    try {
      this.log.acknowledge(kept);
    } catch (error) {
      this.failed(error);
    }
  }

  close(): Promise<void> {
    return this.log.close();
  }

  private keepWithout(letter: DeadLetter): KeptLetter | 'full' {
    const kept = this.append(letter, undefined);
    return kept === 'inexact' ? this.memory.keep(letter, undefined) : kept;
  }

  /** What cannot be serialized at all would not come back as it is, either. */
  private append(letter: DeadLetter, input: unknown): LetterOnDisk | 'full' | 'inexact' {
    try {
      return this.log.append({ letter, input });
    } catch (error) {
      if (error instanceof Error && 'syscall' in error) throw error;
      return 'inexact';
    }
  }

  /** A process that died between writing a letter anew and crossing out the old one has left both. */
  private newestOf(held: readonly LetterOnDisk[]): KeptLetter[] {
    const byId = new Map<string, LetterOnDisk>();
    for (const kept of held) {
      const older = byId.get(kept.letter.id);
      if (older !== undefined) this.drop(older);
      byId.delete(kept.letter.id);
      byId.set(kept.letter.id, kept);
    }
    return [...byId.values()];
  }
}
