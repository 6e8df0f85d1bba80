import { lognormal, seededRandom } from '../../src/upstream/seeded-random.ts';

/** A graph of steps: `needs[i]` are the steps before `i` that it takes, each with a smaller number. */
export type Dag = readonly (readonly number[])[];

export const SHAPES = ['chain', 'diamond', 'wide', 'random'] as const;
export type Shape = (typeof SHAPES)[number];

const SEED = 4_217;

export function dagOf(shape: Shape, steps: number): Dag {
  switch (shape) {
    case 'chain':
      return Array.from({ length: steps }, (_, step) => (step === 0 ? [] : [step - 1]));
    case 'wide':
      return wide(steps);
    case 'diamond':
      return diamond(steps);
    case 'random':
      return random(steps);
  }
}

/** One step, all others but one beside each other, and one that takes them. */
function wide(steps: number): Dag {
  const last = steps - 1;
  const middle = Array.from({ length: Math.max(0, last - 1) }, (_, at) => at + 1);
  return Array.from({ length: steps }, (_, step) => (step === 0 ? [] : step < last ? [0] : middle));
}

/** A square stood on its corner: from one step it grows wider by one a row, then narrower again; each takes its neighbors above. */
function diamond(steps: number): Dag {
  const side = Math.max(1, Math.ceil(Math.sqrt(steps)));
  return Array.from({ length: steps }, (_, step) => {
    const needs: number[] = [];
    if (step >= side) needs.push(step - side);
    if (step % side > 0) needs.push(step - 1);
    return needs;
  });
}

/** Each step takes up to three of the hundred before it. */
function random(steps: number): Dag {
  const draw = seededRandom(SEED);
  return Array.from({ length: steps }, (_, step) => {
    const needs = new Set<number>();
    const wanted = step === 0 ? 0 : Math.floor(draw() * 4);
    for (let go = 0; go < wanted; go++) needs.add(step - 1 - Math.floor(draw() * Math.min(100, step)));
    return [...needs];
  });
}

/**
 * A chain of every tenth step, which takes as long as all the others on one of two slots, beside short steps that need
 * nothing: whoever takes them in the order in which they came is late with the chain.
 */
export function spine(steps: number): { readonly dag: Dag; readonly weights: readonly number[] } {
  const isLong = (step: number) => step % 10 === 9;
  return {
    dag: Array.from({ length: steps }, (_, step) => (isLong(step) && step >= 10 ? [step - 10] : [])),
    weights: Array.from({ length: steps }, (_, step) => (isLong(step) ? 8.5 : 1)),
  };
}

/** How long each step takes, relative to the mean: few take much longer than most (lognormal). */
export function weightsOf(dag: Dag): readonly number[] {
  const draw = seededRandom(SEED + 1);
  return dag.map(() => Math.min(10, lognormal(0.8, draw)));
}

/** What no schedule on so many slots can beat: all the work on them without a gap, or the longest way through the graph. */
export function lowerBound(dag: Dag, durations: readonly number[], slots: number): number {
  const ends: number[] = [];
  let work = 0;
  for (const [step, needs] of dag.entries()) {
    const duration = durations[step]!;
    work += duration;
    ends.push(needs.reduce((latest, need) => Math.max(latest, ends[need]!), 0) + duration);
  }
  return Math.max(work / slots, ...ends);
}
