import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  activityInState,
  busyActivity,
  cellOf,
  cursorOf,
  stateOf,
} from '../../src/load-table/activity-word.ts';
import { SLOT_STATE } from '../../src/load-table/layout.ts';

test('an activity gives back its cell, cursor and state, at their limits too', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -1, max: 15 }),
      fc.integer({ min: -1, max: 32_766 }),
      fc.constantFrom(...Object.values(SLOT_STATE)),
      (cell, cursor, state) => {
        const busy = busyActivity(cell, cursor);
        expect([cellOf(busy), cursorOf(busy), stateOf(busy)]).toEqual([cell, cursor, SLOT_STATE.busy]);
        const changed = activityInState(busy, state);
        expect([cellOf(changed), cursorOf(changed), stateOf(changed)]).toEqual([cell, cursor, state]);
        expect(changed).toBeGreaterThanOrEqual(0);
      },
    ),
  );
});

test('zeroed memory is a free slot that does nothing', () => {
  expect([cellOf(0), cursorOf(0), stateOf(0)]).toEqual([-1, -1, SLOT_STATE.free]);
});
