import { describe, expect, test } from 'vitest';
import type { Workflow } from '../../../src/contract/workflow-definition.ts';
import type { WorkflowEvent } from '../../../src/contract/workflow-events.ts';
import { planOf } from '../../../src/workflow/plan.ts';
import { type SimulateOptions, simulate } from './simulate.ts';

/** SPILLWAY_SEED repeats a failure; SPILLWAY_SEEDS makes it longer. */
const from = Number(process.env.SPILLWAY_SEED ?? 1);
const seeds = Number(process.env.SPILLWAY_SEEDS ?? 200);

test(`random workflows keep to the rules, and equal seeds give equal events: ${seeds} seeds from ${from} on`, async () => {
  for (let seed = from; seed < from + seeds; seed++) {
    const first = await simulate(seed);
    expect(first.faults, `seed ${seed}\n${first.faults.join('\n')}`).toEqual([]);
    expect((await simulate(seed)).hash, `seed ${seed}, once more`).toBe(first.hash);
  }
});

test.each([
  [628, 'that undo what they did when the process dies'],
  [2217, 'that are gone on with as the engine closes, in a map'],
  [2710, 'that are gone on with as the engine closes, in a map with a failure'],
])('nested runs come to their end: seed %i, of those %s', async (seed) => {
  expect((await simulate(seed)).faults).toEqual([]);
});

/** The first fault of that kind that is found; or else all that is said of the last seed that finds fault. */
async function foundOf(kind: RegExp, options: SimulateOptions): Promise<string | undefined> {
  let said: string | undefined;
  for (let seed = 1; seed <= 300; seed++) {
    const { faults } = await simulate(seed, options);
    const found = faults.find((fault) => kind.test(fault));
    if (found !== undefined) return found;
    if (faults.length > 0) said = faults.join('\n');
  }
  return said;
}

const numbered = (events: readonly WorkflowEvent[]): readonly WorkflowEvent[] =>
  events.map((event, seq) => ({ ...event, seq }));

const without = (dropped: WorkflowEvent['type']) => (events: readonly WorkflowEvent[]) =>
  numbered(events.filter(({ type }) => type !== dropped));

/** Forgets the last thing that each step needs. */
function hasty(workflow: Workflow): void {
  const { steps } = planOf(workflow);
  for (const { index, needs } of steps) {
    const forgotten = (needs as number[]).pop();
    if (forgotten === undefined) continue;
    const neededBy = steps[forgotten]!.neededBy as number[];
    neededBy.splice(neededBy.indexOf(index), 1);
  }
}

const twice = (type: WorkflowEvent['type']) => (events: readonly WorkflowEvent[]) =>
  numbered(events.flatMap((event) => (event.type === type ? [event, event] : [event])));

/** The first step that was undone changes places with the last one. */
function outOfOrder(events: readonly WorkflowEvent[]): readonly WorkflowEvent[] {
  const undone = events.filter(({ type }) => type === 'step-compensated');
  const [first, last] = [undone[0], undone.at(-1)];
  return numbered(events.map((event) => (event === first ? last! : event === last ? first! : event)));
}

/** A run that goes on after its end. */
const beyondEnd = (events: readonly WorkflowEvent[]) => {
  const start = events.find(({ type }) => type === 'step-started');
  return start === undefined ? events : numbered([...events, { ...start, atMs: events.at(-1)!.atMs }]);
};

describe('a bug is found', () => {
  test.each(['step-skipped', 'item-parked', 'timer-set', 'turn-ended', 'step-retried'] as const)(
    'that forgets events of the kind %s',
    async (type) => {
      const kind = /differs|cannot be replayed/;
      expect(await foundOf(kind, { kept: without(type) })).toMatch(kind);
    },
  );

  test('that starts steps before all that they need has ended', async () => {
    const kind = /which it needs, is not there/;
    expect(await foundOf(kind, { sabotage: hasty })).toMatch(kind);
  });

  test('that undoes a step twice', async () => {
    const kind = /it was undone before/;
    expect(await foundOf(kind, { kept: twice('step-compensated') })).toMatch(kind);
  });

  test('that undoes a step before those that came after it', async () => {
    const kind = /came after it and were not undone/;
    expect(await foundOf(kind, { kept: outOfOrder })).toMatch(kind);
  });

  test('that ends an item twice', async () => {
    const kind = /has ended twice/;
    expect(await foundOf(kind, { kept: twice('items-ended') })).toMatch(kind);
  });

  test('that ends a step twice', async () => {
    const kind = /step-succeeded/;
    expect(await foundOf(kind, { kept: twice('step-succeeded') })).toMatch(kind);
  });

  test('that starts a step when the run has ended', async () => {
    const kind = /the run has ended/;
    expect(await foundOf(kind, { kept: beyondEnd })).toMatch(kind);
  });
});
