import { type ApartCase, alternateApart } from '../apart.ts';
import type { CaseOptions, Size } from '../case.ts';
import { type Contender, collectGarbage, spreadOf } from '../harness.ts';
import { record } from '../record.ts';
import { digestOf } from '../results.ts';
import { compare, figure, SPILLWAY } from '../row.ts';
import type { Entry } from '../subject.ts';
import { type MapContender, openMap } from './map-work.ts';

const NAME = 'workflow-map-heap';
const SIZES: Record<Size, { items: number; everyMs: number }> = {
  full: { items: 100_000, everyMs: 50 },
  quick: { items: 20_000, everyMs: 20 },
  tiny: { items: 200, everyMs: 1 },
};
const MIB = 2 ** 20;

/**
 * How much heap does a map of objects take while it runs, above what the engine takes for the same tasks? Both hold all
 * outputs, which the one who asked for them gets as an array. The heap is read right after a full garbage collection,
 * again and again; the highest counts.
 */
export const mapHeap: ApartCase = {
  name: NAME,
  question:
    'How much heap does a map of 100,000 objects of about 200 bytes take, above the same tasks by engine.run?',
  contenders: ({ subject, size }) => [contend(subject, size)],
  async run(options: CaseOptions) {
    const results = await alternateApart(this, { ...options, rounds: Math.min(options.rounds, 3) });
    const own = results.find((result) => result.name === SPILLWAY);
    const median = (key: string) =>
      own?.state === 'completed' ? spreadOf(own.samples.map(({ readings }) => readings![key]!)).median : 0;
    const notes = { 'the map, MiB': median('map'), 'engine.run, MiB': median('bare') };
    return [compare({ case: NAME, unit: 'MiB', better: 'less', target: figure('<=', 64), results, notes })];
  },
};

function contend(subject: Entry, size: Size): Contender {
  const { items, everyMs } = SIZES[size];
  const work = { handler: 'echo', item: record, reduce: false, spinSteps: 0 } as const;
  async function peak(contender: MapContender): Promise<{ mib: number; hash: string }> {
    const map = await openMap(subject, contender, work);
    try {
      await map.run(Math.ceil(items / 10));
      const before = heapUsed();
      let highest = 0;
      const timer = setInterval(() => {
        highest = Math.max(highest, heapUsed());
      }, everyMs);
      const results = await map.run(items);
      clearInterval(timer);
      highest = Math.max(highest, heapUsed());
      return { mib: (highest - before) / MIB, hash: digestOf(results) };
    } finally {
      await map.close();
    }
  }
  return {
    name: SPILLWAY,
    open: async () => ({
      async measure() {
        const bare = await peak('engine.run');
        const map = await peak(SPILLWAY);
        if (map.hash !== bare.hash) throw new Error('the map and engine.run gave different outputs');
        return { value: map.mib - bare.mib, hash: map.hash, readings: { map: map.mib, bare: bare.mib } };
      },
      close: async () => {},
    }),
  };
}

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
