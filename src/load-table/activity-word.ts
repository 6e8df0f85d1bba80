import { SLOT_STATE } from './layout.ts';

/**
 * What a thread is doing, in one integer of 31 bits, so that a publication stores one number for it and not four:
 * `cursor << 16 | (cell + 1) << 4 | running << 3 | state`. A cell of -1 is none. `cursor` is at most 32,767.
 */

const STATE_MASK = 0b111;
const RUNNING = 0b1000;
const CELL_SHIFT = 4;
const CELL_MASK = 0b11111;
const CURSOR_SHIFT = 16;
const BUSY = SLOT_STATE.busy;

/** Busy running item `index` of the batch in `cell`. */
export function runningActivity(cell: number, index: number): number {
  return (index << CURSOR_SHIFT) | ((cell + 1) << CELL_SHIFT) | RUNNING | BUSY;
}

/** The same with the item ended. */
export function endedActivity(activity: number): number {
  return activity & ~RUNNING;
}

/** The same in another state. */
export function activityInState(activity: number, state: number): number {
  return (activity & ~STATE_MASK) | (state & STATE_MASK);
}

/** A state with no batch at hand. */
export function restingActivity(state: number): number {
  return state & STATE_MASK;
}

export function stateOf(activity: number): number {
  return activity & STATE_MASK;
}

/** 1 if an item is being run, 0 if not. */
export function runningItems(activity: number): number {
  return (activity & RUNNING) === 0 ? 0 : 1;
}

export function cellOf(activity: number): number {
  return ((activity >>> CELL_SHIFT) & CELL_MASK) - 1;
}

export function cursorOf(activity: number): number {
  return activity >>> CURSOR_SHIFT;
}
