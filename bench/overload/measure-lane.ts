import { systemClock } from '../../src/contract/clock.ts';
import { seededRandom } from '../../src/upstream/seeded-random.ts';
import { collectGarbage } from '../harness.ts';
import type { OverloadContender } from './contender.ts';
import { drive } from './drive.ts';
import { type ContenderFigures, figuresOf, type Yardstick } from './figures.ts';
import { capacityFrom, type OverloadLane } from './lane.ts';
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

/** Measures the capacity, then all contenders one after the other, then the capacity once more. */
export async function measureLane(lane: OverloadLane, options: MeasureOptions): Promise<LaneReport> {
  const { name, work, sloMs, durations } = lane;
  const progress = (text: string) => options.progress(`${name}: ${text}`);
  const capacity = await lane.capacity(progress);
  const capacityPerSecond = capacityFrom(capacity);
  progress(`capacity ${capacityPerSecond.toFixed(1)} tasks/s`);
  const contenders: ContenderFigures[] = [];
  for (const contender of lane.contenders) {
    contenders.push(await measure(contender, lane, { capacityPerSecond, sloMs }, { ...options, progress }));
  }
  const capacityAfterPerSecond = capacityFrom(await lane.capacity(progress));
  return {
    lane: name,
    work,
    sloMs,
    durations,
    capacity,
    capacityPerSecond,
    capacityAfterPerSecond,
    contenders,
  };
}

async function measure(
  contender: OverloadContender,
  lane: OverloadLane,
  yardstick: Yardstick,
  { seed, progress }: MeasureOptions,
): Promise<ContenderFigures> {
  const phases = phasesOf(lane.durations);
  // The same for every contender of the lane.
  const offered = offeredTasks(phases, yardstick.capacityPerSecond, lane.input, seed);
  collectGarbage();
  const opened = await contender.open();
  try {
    // Threads and connections that are made on demand are there before the first arrival.
    const primer = offered.slice(0, PRIMER_TASKS).map(({ input }) => opened.send(input, 'high'));
    await Promise.all(primer);
    const driven = await drive({
      opened,
      phases,
      offered,
      graceMs: yardstick.sloMs,
      clock: systemClock,
      random: seededRandom(seed),
      onPhase: (phase) => progress(`${contender.name}: ${phase.name} at ${phase.load}x`),
    });
    return figuresOf(contender.name, driven, phases, yardstick);
  } finally {
    await opened.close();
  }
}
