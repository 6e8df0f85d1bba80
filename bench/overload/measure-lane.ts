import { systemClock } from '../../src/contract/clock.ts';
import { seededRandom } from '../../src/upstream/seeded-random.ts';
import { collectGarbage } from '../harness.ts';
import type { OverloadContender } from './contender.ts';
import { type Driven, drive } from './drive.ts';
import { type ContenderFigures, figuresOf, type Yardstick } from './figures.ts';
import { bestReading, type CapacityReading, type OverloadLane } from './lane.ts';
import { offeredTasks } from './offered.ts';
import type { LaneReport } from './overload-report.ts';
import { phasesOf } from './plan.ts';

/** Sent ahead, in one go. Few enough that no queue turns one away. */
const PRIMER_TASKS = 4;

export interface MeasureOptions {
  readonly seed: number;
  /** Called with a short text now and then, for a person who waits. */
  readonly progress: (text: string) => void;
}

/**
 * Measures the capacity, then all contenders one after the other. After each the capacity is measured again, by the
 * setting that was best: a machine that has become slower or faster meanwhile makes the figures worthless, and says so.
 */
export async function measureLane(lane: OverloadLane, options: MeasureOptions): Promise<LaneReport> {
  const { name, work, sloMs, durations } = lane;
  const progress = (text: string) => options.progress(`${name}: ${text}`);
  const capacity: CapacityReading[] = [];
  for (const setting of lane.capacitySettings) {
    progress(`capacity: ${setting.name}`);
    capacity.push(await setting.measure());
  }
  const best = bestReading(capacity);
  const again = lane.capacitySettings.find((setting) => setting.name === best.name)!;
  const yardstick = { capacityPerSecond: best.perSecond, sloMs };
  const contenders: ContenderFigures[] = [];
  let before = best;
  for (const contender of lane.contenders) {
    const driven = await driveOne(contender, lane, yardstick, { ...options, progress });
    progress(`capacity: ${again.name}`);
    const after = await again.measure();
    const around = [before.perSecond, after.perSecond] as const;
    contenders.push(figuresOf(contender.name, driven, phasesOf(durations), yardstick, around));
    before = after;
  }
  return { lane: name, work, sloMs, durations, capacity, capacityPerSecond: best.perSecond, contenders };
}

async function driveOne(
  contender: OverloadContender,
  lane: OverloadLane,
  yardstick: Yardstick,
  { seed, progress }: MeasureOptions,
): Promise<Driven> {
  const phases = phasesOf(lane.durations);
  // The same for every contender of the lane.
  const offered = offeredTasks(phases, yardstick.capacityPerSecond, lane.input, seed);
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
