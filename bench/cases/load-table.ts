import { Bench } from 'tinybench';
import type { Case, CaseOptions, Size } from '../case.ts';
import { alternate, type Contender } from '../harness.ts';
import { digestOf } from '../results.ts';
import { compare, figure } from '../row.ts';
import type { Subject } from '../subject.ts';

const TIME_MS: Record<Size, number> = { full: 300, quick: 100, tiny: 1 };
const SHAPE = { cellsPerSlot: 2, batchTasks: 128 } as const;
/** Publications, and pictures, behind one call of the timed function, so that reading the clock does not count. */
const PUBLISHED = 1_024;
const READ = 32;
const SLOTS = 64;

/** What does the load table cost the threads, which publish, and the supervisor, which reads? */
export const loadTable: Case = {
  name: 'load-table',
  question: 'How long do a start and a finish take to publish, and a picture of 64 slots to read?',
  async run(options: CaseOptions) {
    const parts = await loadParts(options.subject);
    const publish = await alternate([contend(publishing(parts), PUBLISHED * 1e-6, options.size)], options);
    const apart = await alternate([contend(publishingApart(parts), PUBLISHED * 1e-6, options.size)], options);
    const read = await alternate([contend(reading(parts), READ * 1e-3, options.size)], options);
    return [
      compare({
        case: 'load-table-publish',
        unit: 'ns a task, in batches',
        better: 'less',
        target: figure('<=', 80),
        results: publish,
      }),
      compare({
        case: 'load-table-publish-apart',
        unit: 'ns, start + finish',
        better: 'less',
        target: figure('<=', 80),
        results: apart,
      }),
      compare({
        case: 'load-table-read',
        unit: 'us, 64 slots',
        better: 'less',
        target: figure('<=', 10),
        results: read,
      }),
    ];
  },
};

type Parts = Pick<typeof import('../../src/load-table/layout.ts'), 'createLoadTable'> &
  Pick<typeof import('../../src/load-table/writer.ts'), 'SlotWriter'> &
  Pick<typeof import('../../src/load-table/reader.ts'), 'LoadTableReader'>;

async function loadParts(subject: Subject): Promise<Parts> {
  const [layout, writer, reader] = await Promise.all(
    ['layout', 'writer', 'reader'].map((name) => import(subject.module(`src/load-table/${name}`))),
  );
  return { ...layout, ...writer, ...reader } as Parts;
}

/** Something to time, and what shows afterwards that it did its work. */
interface Work {
  run(): void;
  /** The same however often it ran. */
  proof(): unknown;
}

type Writer = NonNullable<ReturnType<Parts['SlotWriter']['claim']>>;

/** As threads do it: in a batch, the end of a task and the start of the next are one publication. */
function publishing(parts: Parts): Work {
  return publishingBy(parts, (writer, from) => {
    for (let first = from; first < from + PUBLISHED; first += 128) {
      writer.start(0, first >>> 7, 0, first);
      for (let index = 0; index < 127; index++) writer.next(0, index, true, first + index + 1, index + 1);
      writer.finish(0, 127, true, first + 128);
    }
  });
}

/** As for batches of one task: two publications each. */
function publishingApart(parts: Parts): Work {
  return publishingBy(parts, (writer, from) => {
    for (let at = from; at < from + PUBLISHED; at++) {
      writer.start(0, at >>> 7, at & 127, at);
      writer.finish(0, at & 127, true, at + 1);
    }
  });
}

/** One task after the other on one thread. Every task starts 1 ms after the one before. */
function publishingBy(
  { createLoadTable, SlotWriter, LoadTableReader }: Parts,
  publish: (writer: Writer, from: number) => void,
): Work {
  const table = createLoadTable({ slots: 1, ...SHAPE });
  const writer = claimed(SlotWriter.claim(table, 1, 0));
  const reader = new LoadTableReader(table);
  let published = 0;
  return {
    run() {
      publish(writer, published);
      published += PUBLISHED;
    },
    proof() {
      const pictures: ReturnType<typeof reader.read>[] = [];
      reader.readAll(pictures);
      const [picture] = pictures;
      return [picture?.completed === published, picture?.busyMs === published, picture?.cursor];
    },
  };
}

/** All 64 slots owned, each in the middle of a task. */
function reading({ createLoadTable, SlotWriter, LoadTableReader }: Parts): Work {
  const table = createLoadTable({ slots: SLOTS, ...SHAPE });
  for (let slot = 0; slot < SLOTS; slot++) {
    claimed(SlotWriter.claim(table, slot + 1, 0)).start(0, slot, slot % 128, slot);
  }
  const reader = new LoadTableReader(table);
  const pictures: Parameters<typeof reader.readAll>[0] = [];
  let owned = 0;
  return {
    run() {
      for (let go = 0; go < READ; go++) owned = reader.readAll(pictures);
    },
    proof: () => [
      owned,
      pictures.map(({ slot, threadId, batchSeq, cursor }) => [slot, threadId, batchSeq, cursor]),
    ],
  };
}

function claimed<T>(writer: T | undefined): T {
  if (writer === undefined) throw new Error('no free slot in a load table that was just made');
  return writer;
}

/** `perUnit` is what one call of `run` counts for: milliseconds of tinybench over it give the unit of the row. */
function contend(work: Work, perUnit: number, size: Size): Contender {
  return {
    name: 'spillway',
    async open() {
      return {
        async measure() {
          const bench = new Bench({ time: TIME_MS[size], warmupTime: TIME_MS[size] / 3 });
          bench.add('load table', work.run);
          const [task] = await bench.run();
          if (task?.result.state !== 'completed') throw new Error(`tinybench: ${task?.result.state}`);
          return { value: task.result.latency.p50 / perUnit, hash: digestOf([work.proof()]) };
        },
        close: async () => {},
      };
    },
  };
}
