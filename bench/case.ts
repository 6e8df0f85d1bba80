import type { Row } from './row.ts';
import type { Subject } from './subject.ts';

/** `full` gives the figures, `quick` a first look in under a minute, `tiny` only shows that everything works. */
export type Size = 'full' | 'quick' | 'tiny';

export interface CaseOptions {
  readonly size: Size;
  /** How often each contender is measured. */
  readonly rounds: number;
  readonly subject: Subject;
  /** All contenders in this process, where they are otherwise apart. */
  readonly together?: boolean;
  /** Called with a short text now and then, for a person who waits. */
  readonly progress: (text: string) => void;
}

/** One question, and how it is answered. */
export interface Case {
  readonly name: string;
  /** What is asked, in a line. */
  readonly question: string;
  /** Asks it. One row for each figure that has a target. */
  run(options: CaseOptions): Promise<readonly Row[]>;
}
