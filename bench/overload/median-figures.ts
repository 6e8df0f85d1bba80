import { quantile } from '../harness.ts';
import type { ContenderFigures, LoadFigures } from './figures.ts';

/**
 * Of several rounds of one contender each figure's median, over the rounds that neither the machine nor the generator
 * spoiled; over all of them if none was left.
 */
export function medianFigures(rounds: readonly ContenderFigures[]): ContenderFigures {
  const good = rounds.filter(({ steady, gaveUp }) => steady && !gaveUp);
  const counted = good.length > 0 ? good : rounds;
  const [first] = counted as readonly [ContenderFigures];
  const over = (of: (figures: ContenderFigures) => number) => median(counted.map(of));
  return {
    ...first,
    loads: first.loads.map((_, at) => medianLoad(counted.map(({ loads }) => loads[at]!))),
    storm: {
      sendings: over(({ storm }) => storm.sendings),
      goodput: over(({ storm }) => storm.goodput),
      healthyAfterMs: medianOrNone(counted.map(({ storm }) => storm.healthyAfterMs)),
    },
    recoveryMs: medianOrNone(counted.map(({ recoveryMs }) => recoveryMs)),
    steady: good.length > 0 || counted.every(({ steady }) => steady),
    gaveUp: good.length === 0 && counted.some(({ gaveUp }) => gaveUp),
    counted: good.length,
  };
}

function medianLoad(rounds: readonly LoadFigures[]): LoadFigures {
  // What the generator could not send in time is left out where there are others.
  const valid = rounds.filter((round) => round.valid);
  const counted = valid.length > 0 ? valid : rounds;
  const over = (of: (figures: LoadFigures) => number) => median(counted.map(of));
  return {
    load: rounds[0]!.load,
    arrivals: over(({ arrivals }) => arrivals),
    goodput: over(({ goodput }) => goodput),
    rejectedShare: over(({ rejectedShare }) => rejectedShare),
    failedShare: over(({ failedShare }) => failedShare),
    p99Ms: medianOrNone(counted.map(({ p99Ms }) => p99Ms)),
    highGoodShare: over(({ highGoodShare }) => highGoodShare),
    lagP99Ms: over(({ lagP99Ms }) => lagP99Ms),
    valid: valid.length > 0,
  };
}

const median = (values: readonly number[]) => quantile(values, 0.5);

/** `null` is worse than any number. */
function medianOrNone(values: readonly (number | null)[]): number | null {
  const middle = median(values.map((value) => value ?? Number.POSITIVE_INFINITY));
  return Number.isFinite(middle) ? middle : null;
}
