import { performance } from 'node:perf_hooks';
import { type ApartCase, alternateApart } from '../apart.ts';
import type { CaseOptions, Size } from '../case.ts';
import { type Contender, spreadOf } from '../harness.ts';
import { digestOf } from '../results.ts';
import { compare, figure, type Row, SPILLWAY } from '../row.ts';
import { type Entry, loadSpillway } from '../subject.ts';
import { dagWorkflow } from './dag-workflow.ts';
import { dagOf } from './dags.ts';

const SIZES: Record<Size, { steps: number; passes: number; warmUpPasses: number }> = {
  full: { steps: 1_000, passes: 60, warmUpPasses: 100 },
  quick: { steps: 1_000, passes: 15, warmUpPasses: 25 },
  tiny: { steps: 20, passes: 2, warmUpPasses: 0 },
};

/**
 * What does a step cost beside its task? The same no-op tasks in turn as steps of a workflow and by `engine.run` alone:
 * one after the other for a chain, all at once for steps that stand beside each other. A sample is the difference of the
 * medians of its passes.
 */
function overhead(shape: 'chain' | 'wide'): ApartCase {
  const name = `workflow-overhead-${shape}`;
  const how = shape === 'chain' ? 'one after the other' : 'beside each other';
  return {
    name,
    question: `What does a step cost on top of its engine.run, 1,000 no-op steps ${how}?`,
    contenders: ({ subject, size }) => [contend(shape, subject, size)],
    async run(options: CaseOptions): Promise<readonly Row[]> {
      const results = await alternateApart(this, options);
      const own = results.find((result) => result.name === SPILLWAY);
      const notes =
        own?.state === 'completed'
          ? {
              'a step, us': spreadOf(own.samples.map(({ readings }) => readings!.stepUs!)).median,
              'a bare engine.run, us': spreadOf(own.samples.map(({ readings }) => readings!.runUs!)).median,
            }
          : {};
      return [
        compare({ case: name, unit: 'us a step', better: 'less', target: figure('<=', 25), results, notes }),
      ];
    },
  };
}

function contend(shape: 'chain' | 'wide', subject: Entry, size: Size): Contender {
  const { steps, passes, warmUpPasses } = SIZES[size];
  return {
    name: SPILLWAY,
    async open() {
      const spillway = await loadSpillway(subject);
      const engine = await spillway.createEngine({
        admission: { policy: subject.policy },
        agents: [spillway.ioAgent('work', { run: () => 1 })],
      });
      const definition = dagWorkflow(spillway, shape, dagOf(shape, steps));
      const asSteps = async () => {
        const { metadata } = await (await engine.start(definition, 0)).result();
        return metadata.tasks;
      };
      const bare = async () => {
        if (shape === 'chain') {
          for (let step = 0; step < steps; step++) await engine.run('work', 0 as never);
        } else {
          await Promise.all(Array.from({ length: steps }, () => engine.run('work', 0 as never)));
        }
        return steps;
      };
      return {
        async warmUp() {
          for (let pass = 0; pass < warmUpPasses; pass++) {
            await asSteps();
            await bare();
          }
        },
        async measure() {
          const stepUs: number[] = [];
          const runUs: number[] = [];
          let tasks = 0;
          for (let pass = 0; pass < passes; pass++) {
            stepUs.push(await usEach(steps, async () => (tasks += await asSteps())));
            runUs.push(await usEach(steps, bare));
          }
          const readings = { stepUs: spreadOf(stepUs).median, runUs: spreadOf(runUs).median };
          return { value: readings.stepUs - readings.runUs, hash: digestOf([tasks]), readings };
        },
        close: () => engine.close(),
      };
    },
  };
}

async function usEach(steps: number, pass: () => Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await pass();
  return ((performance.now() - startedAtMs) / steps) * 1_000;
}

export const overheadChain = overhead('chain');
export const overheadWide = overhead('wide');
