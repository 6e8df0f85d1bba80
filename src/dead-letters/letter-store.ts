import type { DeadLetter } from '../contract/dead-letters.ts';

/** A letter, and what its store knows it by. */
export interface KeptLetter {
  readonly letter: DeadLetter;
}

/** Where letters are kept. Which of them, and how many, is for the list to say. */
export interface LetterStore {
  /** Keeps a letter as safely as it can; 'full' if others have to go first. Never throws. */
  keep(letter: DeadLetter, input: unknown): KeptLetter | 'full';
  /** @throws Error if its file cannot be read */
  read(kept: KeptLetter): Promise<unknown>;
  /** Never throws. */
  drop(kept: KeptLetter): void;
  close(): Promise<void>;
}

class LetterInMemory implements KeptLetter {
  readonly letter: DeadLetter;
  readonly input: unknown;

  constructor(letter: DeadLetter, input: unknown) {
    this.letter = letter;
    this.input = input;
  }
}

/** Letters of one process's life. Inputs are held, not copied. */
export class MemoryStore implements LetterStore {
  keep(letter: DeadLetter, input: unknown): KeptLetter {
    return new LetterInMemory(letter, letter.inputState === 'kept' ? input : undefined);
  }

  async read(kept: KeptLetter): Promise<unknown> {
    return kept instanceof LetterInMemory ? kept.input : undefined;
  }

  drop(): void {}

  async close(): Promise<void> {}
}
