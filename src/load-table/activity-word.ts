import { SLOT_STATE } from './layout.ts';

/**
 * What a thread is doing, in one integer of 31 bits, so that a publication stores one number for it and not three:
 * `(cursor + 1) << 16 | (cell + 1) << 4 | state`. A cell or cursor of -1 is none; the cursor is at most 32,766. A slot
 * of zeros is free and does nothing.
 */

const STATE_MASK = 0b1111;
const CELL_SHIFT = 4;
const CELL_MASK = 0b1111_1111_1111;
const CURSOR_SHIFT = 16;
const BUSY = SLOT_STATE.busy;

/** Busy with the batch in `cell`, running its item `cursor`, or with -1 between two items. */
export function busyActivity(cell: number, cursor: number): number {
  return ((cursor + 1) << CURSOR_SHIFT) | ((cell + 1) << CELL_SHIFT) | BUSY;
}

/** The same activity in another state. */
export function activityInState(activity: number, state: number): number {
  return (activity & ~STATE_MASK) | (state & STATE_MASK);
}

export function stateOf(activity: number): number {
  return activity & STATE_MASK;
}

export function cellOf(activity: number): number {
  return ((activity >>> CELL_SHIFT) & CELL_MASK) - 1;
}

export function cursorOf(activity: number): number {
  return (activity >>> CURSOR_SHIFT) - 1;
}
