import { sourceSubject } from '../../bench/subject.ts';

/** Runs a case at its tiniest, from source, to see that it works. */
export const TINIEST = {
  size: 'tiny',
  rounds: 1,
  subject: sourceSubject(),
  together: true,
  progress: () => {},
} as const;
