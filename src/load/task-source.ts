import { seededRandom } from '../upstream/seeded-random.ts';
import type { PriorityWeights } from './options.ts';
import type { PriorityName } from './priority-names.ts';
import type { LoadTarget, LoadTask } from './target.ts';
import type { Trace } from './trace.ts';

/** The task of the n-th arrival, its priority decided. */
export type NextTask = (index: number) => LoadTask & { readonly priority: PriorityName };

/** Tasks of the target, with the mix of priorities, repeatable by the seed. A trace starts over at its end. */
export function taskSource(
  target: LoadTarget,
  trace: Trace | undefined,
  weights: PriorityWeights,
  seed: number,
): NextTask {
  // Apart, so that the mix of priorities does not change what the tasks are.
  const ofTasks = seededRandom(seed + 1);
  const ofPriorities = seededRandom(seed + 2);
  const total = weights.high + weights.normal + weights.low;
  const draw = (): PriorityName => {
    const at = ofPriorities() * total;
    if (at < weights.high) return 'high';
    return at < weights.high + weights.normal ? 'normal' : 'low';
  };
  return (index) => {
    const task = target.next(index, ofTasks, trace?.calls[index % trace.calls.length]);
    return { ...task, priority: task.priority ?? draw() };
  };
}

/** The same tasks in an order in which those of any part of it are like those of the whole trace. */
export function spread(next: NextTask, trace: Trace | undefined): NextTask {
  if (trace === undefined) return next;
  const { length } = trace.calls;
  // Multiples of the golden ratio leave no gaps (Weyl's equidistribution theorem).
  return (index) => next(Math.floor(((index * GOLDEN_RATIO) % 1) * length));
}

const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;
