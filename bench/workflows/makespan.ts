import { performance } from 'node:perf_hooks';
import { type ApartCase, alternateApart } from '../apart.ts';
import type { CaseOptions, Size } from '../case.ts';
import { closedLoop } from '../closed-loop.ts';
import { type Contender, spreadOf } from '../harness.ts';
import { THREADS } from '../peers/thread-pool.ts';
import { digestOf } from '../results.ts';
import { compare, figure, SPILLWAY } from '../row.ts';
import { spinSteps } from '../spin-steps.ts';
import { type Entry, loadSpillway } from '../subject.ts';
import { dagWorkflow } from './dag-workflow.ts';
import { type Dag, dagOf, lowerBound, SHAPES, spine, weightsOf } from './dags.ts';

/** `meanMs`: how long a step takes on average. */
const SIZES: Record<Size, { steps: number; meanMs: number }> = {
  full: { steps: 1_000, meanMs: 5 },
  quick: { steps: 300, meanMs: 2 },
  tiny: { steps: 20, meanMs: 0.02 },
};
const FIFO = 'first come, first served';
const UNTOLD = 'spillway, not told how long';
const HANDLER = new URL('../handlers/metered-spin.js', import.meta.url);

interface Timed {
  readonly dag: Dag;
  readonly weights: readonly number[];
}

/**
 * How far is the end of a graph of CPU steps from the earliest that is possible on two threads? Steps spin for a number
 * of turns. How long that takes depends on what else runs, on cores that share their parts above all, so each step says
 * how long it has spun, and the bound is that of these very times: what the main thread takes of the two cores counts as
 * theirs. Beside it the same graph by `engine.run` alone, each step as soon as it is ready.
 */
function makespanOf(shape: string, graph: (steps: number) => Timed): ApartCase {
  const name = `workflow-makespan-${shape}`;
  return {
    name,
    question: `How long do 1,000 CPU steps take on 2 threads (${shape}), over the lower bound max(work / 2, longest path)?`,
    prepare: ({ size }) => spinSteps(1) * (size === 'tiny' ? 0.1 : 1),
    contenders: ({ subject, size }, stepsPerMs) =>
      [SPILLWAY, UNTOLD, FIFO].map((one) => contend(one, graph, subject, size, stepsPerMs as number)),
    async run(options: CaseOptions) {
      const results = await alternateApart(this, options);
      const own = results.find((result) => result.name === SPILLWAY);
      const median = (key: string) =>
        own?.state === 'completed' ? spreadOf(own.samples.map(({ readings }) => readings![key]!)).median : 0;
      const notes = { 'took, ms': median('tookMs'), 'bound, ms': median('boundMs') };
      const target = figure('<=', 1.1);
      return [compare({ case: name, unit: 'x lower bound', better: 'less', target, results, notes })];
    },
  };
}

function contend(
  name: string,
  graph: (steps: number) => Timed,
  subject: Entry,
  size: Size,
  stepsPerMs: number,
): Contender {
  const { steps, meanMs } = SIZES[size];
  return {
    name,
    async open() {
      const spillway = await loadSpillway(subject);
      const engine = await spillway.createEngine({
        threads: { count: THREADS },
        admission: { policy: subject.policy },
        agents: [spillway.cpuAgent('work', { module: HANDLER, export: 'meteredSpin' })],
      });
      const { dag, weights } = graph(steps);
      const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
      const inputs = weights.map((weight) => Math.round((weight / mean) * meanMs * stepsPerMs));
      let isWarm = false;
      const inputOf = (step: number) => (isWarm ? inputs[step]! : 1);
      const run = (input: number) => engine.run('work', input as never);
      const stepOptions = (step: number) => ({
        input: () => inputOf(step),
        ...(name === SPILLWAY && { expectedMs: inputs[step]! / stepsPerMs }),
      });
      const definition = dagWorkflow(spillway, 'makespan', dag, stepOptions);
      /** How long it took, and each of its steps. */
      async function asWorkflow(): Promise<{ tookMs: number; stepsMs: readonly number[] }> {
        const startedAtMs = performance.now();
        const handle = await engine.start(definition, 0);
        const { status } = await handle.result();
        const tookMs = performance.now() - startedAtMs;
        if (status !== 'success') throw new Error(`the run ended as ${status}`);
        const stepsMs: number[] = [];
        for await (const event of handle.events()) {
          if (event.type === 'step-succeeded') stepsMs[Number(event.step.slice(1))] = event.output as number;
        }
        return { tookMs, stepsMs };
      }
      async function bare(): Promise<{ tookMs: number; stepsMs: readonly number[] }> {
        const startedAtMs = performance.now();
        const stepsMs = await inOrderOfReadiness(dag, (step) => run(inputOf(step)));
        return { tookMs: performance.now() - startedAtMs, stepsMs: stepsMs as number[] };
      }
      const once = name === FIFO ? bare : asWorkflow;
      return {
        // The engine has to know how long the agent takes, and the code on the way to be compiled.
        async warmUp() {
          for (let go = 0; go < (size === 'tiny' ? 1 : 10); go++) await once();
          await closedLoop(size === 'tiny' ? 10 : 100, 4, () => run(Math.round(meanMs * stepsPerMs)));
          isWarm = true;
        },
        async measure() {
          const { tookMs, stepsMs } = await once();
          const boundMs = lowerBound(dag, stepsMs, THREADS);
          return { value: tookMs / boundMs, hash: digestOf(inputs), readings: { tookMs, boundMs } };
        },
        close: () => engine.close(),
      };
    },
  };
}

/** Runs each step as soon as what it needs has ended. */
function inOrderOfReadiness(dag: Dag, run: (step: number) => Promise<unknown>): Promise<readonly unknown[]> {
  const ends: Promise<unknown>[] = [];
  for (const [step, needs] of dag.entries()) {
    ends.push(Promise.all(needs.map((need) => ends[need])).then(() => run(step)));
  }
  return Promise.all(ends);
}

export const makespan: readonly ApartCase[] = [
  ...SHAPES.map((shape) =>
    makespanOf(shape, (steps) => {
      const dag = dagOf(shape, steps);
      return { dag, weights: weightsOf(dag) };
    }),
  ),
  makespanOf('spine', (steps) => {
    const { dag, weights } = spine(steps);
    return { dag, weights };
  }),
];
