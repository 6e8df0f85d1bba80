import { seededRandom } from '../../src/upstream/seeded-random.ts';
import { PRIORITY_SHARES, type PriorityName } from './contender.ts';
import type { OverloadLane } from './lane.ts';
import type { Phase } from './plan.ts';

/** A task that will be sent, whatever becomes of those before it. */
export interface Offered {
  /** Milliseconds from the start of the run. */
  readonly atMs: number;
  readonly phase: number;
  readonly priority: PriorityName;
  readonly input: number;
  /** How much of an average task it is. */
  readonly weight: number;
}

/** Poisson arrivals through all phases: equal seeds give equal tasks at equal times. */
export function offeredTasks(
  phases: readonly Phase[],
  capacityPerSecond: number,
  { input, weightOf }: Pick<OverloadLane, 'input' | 'weightOf'>,
  seed: number,
): readonly Offered[] {
  const random = seededRandom(seed);
  const offered: Offered[] = [];
  for (const [phase, { load, fromMs, untilMs }] of phases.entries()) {
    const perMs = (load * capacityPerSecond) / 1_000;
    let atMs = fromMs;
    while (true) {
      atMs += -Math.log(1 - random()) / perMs;
      if (atMs >= untilMs) break;
      const priority = drawPriority(random());
      const drawn = input(random);
      offered.push({ atMs, phase, priority, input: drawn, weight: weightOf(drawn) });
    }
  }
  return offered;
}

function drawPriority(draw: number): PriorityName {
  if (draw < PRIORITY_SHARES.high) return 'high';
  return draw < PRIORITY_SHARES.high + PRIORITY_SHARES.normal ? 'normal' : 'low';
}
