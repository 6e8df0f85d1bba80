import { systemClock } from '../../src/contract/clock.ts';
import { seededRandom } from '../../src/upstream/seeded-random.ts';
import { collectGarbage, spreadOf } from '../harness.ts';
import type { OverloadContender } from './contender.ts';
import { type Driven, drive } from './drive.ts';
import { type ContenderFigures, figuresOf, type Yardstick } from './figures.ts';
import { bestReading, type CapacityReading, type OverloadLane } from './lane.ts';
import { medianFigures } from './median-figures.ts';
import { offeredTasks } from './offered.ts';
import type { LaneReport } from './overload-report.ts';
import { phasesOf } from './plan.ts';

/** Sent ahead, in one go. Few enough that no queue turns one away. */
const PRIMER_TASKS = 4;

export interface MeasureOptions {
  readonly seed: number;
  /** How often each contender is measured. */
  readonly rounds: number;
  /** Called with a short text now and then, for a person who waits. */
  readonly progress: (text: string) => void;
}

/**
 * Measures the capacity, then all contenders one after the other, round by round; each round starts with another one.
 * Before and after each the capacity is measured by the setting that was best: what a contender is offered, and its
 * goodput, go by the capacity just before it, and a machine that became slower or faster meanwhile spoils the round.
 */
export async function measureLane(lane: OverloadLane, options: MeasureOptions): Promise<LaneReport> {
  const { name, work, sloMs, durations, contenders } = lane;
  const progress = (text: string) => options.progress(`${name}: ${text}`);
  const capacity: CapacityReading[] = [];
  for (const setting of lane.capacitySettings) {
    progress(`capacity: ${setting.name}`);
    capacity.push(await setting.measure());
  }
  let before = bestReading(capacity);
  const again = lane.capacitySettings.find((setting) => setting.name === before.name)!;
  const perSecond: number[] = [before.perSecond];
  const rounds = contenders.map((): ContenderFigures[] => []);
  for (let round = 0; round < options.rounds; round++) {
    for (let place = 0; place < contenders.length; place++) {
      const index = (place + round) % contenders.length;
      const contender = contenders[index]!;
      const inRound = (text: string) => progress(`round ${round + 1} of ${options.rounds}: ${text}`);
      const yardstick = { capacityPerSecond: before.perSecond, sloMs };
      const seed = options.seed + round;
      const driven = await driveOne(contender, lane, yardstick, { seed, progress: inRound });
      inRound(`capacity: ${again.name}`);
      const after = await again.measure();
      const around = [before.perSecond, after.perSecond] as const;
      rounds[index]!.push(figuresOf(contender.name, driven, phasesOf(durations), yardstick, around));
      perSecond.push(after.perSecond);
      before = after;
    }
  }
  return {
    lane: name,
    work,
    sloMs,
    durations,
    capacity,
    capacityPerSecond: spreadOf(perSecond),
    contenders: rounds.map(medianFigures),
    rounds,
  };
}

async function driveOne(
  contender: OverloadContender,
  lane: OverloadLane,
  yardstick: Yardstick,
  { seed, progress }: Omit<MeasureOptions, 'rounds'>,
): Promise<Driven> {
  const phases = phasesOf(lane.durations);
  // The same for every contender of the round, but for the capacity.
  const offered = offeredTasks(phases, yardstick.capacityPerSecond, lane, seed);
  collectGarbage();
  const opened = await contender.open();
  try {
    // Threads and connections that are made on demand are there before the first arrival.
    const primer = offered.slice(0, PRIMER_TASKS).map(({ input }) => opened.send(input, 'high'));
    await Promise.all(primer);
    return await drive({
      opened,
      phases,
      offered,
      graceMs: yardstick.sloMs,
      clock: systemClock,
      random: seededRandom(seed),
      onPhase: (phase) => progress(`${contender.name}: ${phase.name} at ${phase.load}x`),
    });
  } finally {
    await opened.close();
  }
}
