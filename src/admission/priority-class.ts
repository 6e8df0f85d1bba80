import { PRIORITY_LEVELS } from '../contract/options.ts';

/** Priorities as admission sees them: 0 is `high` and above, 2 is `low` and below, 1 all between. */
export const CLASSES = 3;
export const HIGHEST = 0;
export const LOWEST = CLASSES - 1;

export function classOf(level: number): number {
  if (level >= PRIORITY_LEVELS.high) return 0;
  return level > PRIORITY_LEVELS.low ? 1 : 2;
}
