import { performance } from 'node:perf_hooks';
import { type ApartCase, alternateApart } from '../apart.ts';
import type { CaseOptions, Size } from '../case.ts';
import { type Contender, spreadOf, tasksPerSecond } from '../harness.ts';
import { record } from '../record.ts';
import { digestOf } from '../results.ts';
import { atLeast, compare, SPILLWAY } from '../row.ts';
import { spinSteps } from '../spin-steps.ts';
import { MAP_CONTENDERS, type MapWork, openMap } from './map-work.ts';

const ITEMS: Record<Size, number> = { full: 100_000, quick: 20_000, tiny: 200 };
/** As in the bench of the lanes: code that has just been compiled is half as fast. */
const WARM_UP_MS: Record<Size, number> = { full: 3_000, quick: 200, tiny: 0 };

/** How many items of a map a second come back from the threads, beside the same tasks without a workflow? */
function mapThroughput(name: string, question: string, work: (size: Size) => MapWork): ApartCase {
  return {
    name,
    question,
    // The speed of the machine is found out once, not by each contender.
    prepare: ({ size }) => work(size).spinSteps,
    contenders: ({ subject, size }, prepared) =>
      MAP_CONTENDERS.map((contender): Contender => {
        const items = ITEMS[size];
        return {
          name: contender,
          async open() {
            const map = await openMap(subject, contender, { ...work(size), spinSteps: prepared as number });
            return {
              async warmUp() {
                await tasksPerSecond(WARM_UP_MS[size], async () => (await map.run(items)).length);
              },
              async measure() {
                const startedAtMs = performance.now();
                const results = await map.run(items);
                const value = (items / (performance.now() - startedAtMs)) * 1_000;
                return { value, hash: digestOf(results) };
              },
              close: () => map.close(),
            };
          },
        };
      }),
    async run(options: CaseOptions) {
      const results = await alternateApart(this, options);
      const own = results.find((result) => result.name === SPILLWAY);
      const seconds =
        own?.state === 'completed'
          ? ITEMS[options.size] / spreadOf(own.samples.map((s) => s.value)).median
          : 0;
      return [
        compare({
          case: name,
          unit: 'items/s',
          better: 'more',
          target: atLeast(0.8),
          results,
          notes: { 'a run, s': seconds },
        }),
      ];
    },
  };
}

export const mapNoop = mapThroughput(
  'workflow-map-noop',
  'How many no-op items a second does a map of 100,000 get back from 2 threads, beside engine.run and engine.stream?',
  () => ({ handler: 'echo', item: (index) => index, reduce: false, spinSteps: 0 }),
);

export const mapEcho = mapThroughput(
  'workflow-map-echo-200B',
  'How many objects of about 200 bytes a second does a map of 100,000 get back from 2 threads?',
  () => ({ handler: 'echo', item: record, reduce: false, spinSteps: 0 }),
);

export const mapCpu = mapThroughput(
  'workflow-map-cpu-50us',
  'How many items of 50 us of CPU a second does a map of 100,000 get back from 2 threads?',
  (size) => ({
    handler: 'spin',
    item: (index, steps) => steps + (index & 7),
    reduce: false,
    spinSteps: size === 'tiny' ? 10 : spinSteps(0.05),
  }),
);

export const mapTree = mapThroughput(
  'workflow-map-reduce',
  'How many items a second does a map of 100,000 no-op items get back, with its reduce in a tree on the threads?',
  () => ({ handler: 'echo', item: (index) => index, reduce: true, spinSteps: 0 }),
);
