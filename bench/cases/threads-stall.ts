import { performance } from 'node:perf_hooks';
import type { Case, CaseOptions, Size } from '../case.ts';
import { alternate, type Contender, quantile, type Result } from '../harness.ts';
import { THREADS, WORK_FILE } from '../peers/thread-pool.ts';
import { digestOf } from '../results.ts';
import { compare, figure, type Row } from '../row.ts';
import { spinSteps } from '../spin-steps.ts';
import { loadSpillway, type Subject } from '../subject.ts';

const NAME = 'stall-replaced';
const MISBEHAVE = new URL('../handlers/misbehave.js', import.meta.url);
const STALL_MS = 200;
/** What a thread may take to be noticed and replaced, beyond `stallMs`. */
const ALLOWED_MS = 250;
/** Hangs in each round; the first figure of a report stands for all rounds together. */
const HANGS: Record<Size, number> = { full: 30, quick: 10, tiny: 1 };
/** What keeps the other thread busy meanwhile. */
const BUSY_MS = 1;

/** How long does the lane go without a thread that a task has blocked? */
export const stallReplaced: Case = {
  name: NAME,
  question: 'How long after a task has blocked its thread is another one ready, under load?',
  async run(options: CaseOptions) {
    const [result] = await alternate([contend(options)], options);
    return [rowOf(result!)];
  },
};

function contend({ subject, size }: CaseOptions): Contender {
  return {
    name: 'spillway',
    async open() {
      const engine = await engineOf(subject);
      while (!areReady(engine)) await new Promise((resolve) => setImmediate(resolve));
      const steps = spinSteps(size === 'tiny' ? 0.01 : BUSY_MS);
      return {
        async measure(round) {
          const busy = { isOver: false };
          const load = Promise.all(
            Array.from({ length: THREADS }, async () => {
              while (!busy.isOver) await engine.run('work', steps);
            }),
          );
          const hangs: Hang[] = [];
          for (let index = 0; index < HANGS[size]; index++) hangs.push(await hangOnce(engine, index + round));
          busy.isOver = true;
          await load;
          const worstMs = Math.max(...hangs.map(({ replacedMs }) => replacedMs));
          return { value: worstMs, hash: digestOf(['STALLED']), readings: readingsOf(hangs) };
        },
        close: () => engine.close(),
      };
    },
  };
}

async function engineOf(subject: Subject) {
  const { createEngine, cpuAgent } = await loadSpillway(subject);
  return createEngine({
    threads: { count: THREADS },
    admission: { policy: subject.policy },
    restarts: { max: 1_000_000 },
    agents: [
      cpuAgent('hang', { module: MISBEHAVE, export: 'hang', stallMs: STALL_MS }),
      cpuAgent('work', { module: WORK_FILE, export: 'spin' }),
    ],
  });
}

/** Whether all threads are up: what is ready from then on is a replacement. */
function areReady(engine: Pick<Awaited<ReturnType<typeof engineOf>>, 'stats'>): boolean {
  return engine.stats().threads.filter(({ state }) => state !== 'starting').length === THREADS;
}

/** From the start of a task that blocks its thread until it has failed, and until another thread takes work. */
interface Hang {
  readonly noticedMs: number;
  readonly replacedMs: number;
}

function readingsOf(hangs: readonly Hang[]): Record<string, number> {
  const readings = hangs.flatMap(({ noticedMs, replacedMs }, index) => [
    [`noticed ${index}`, noticedMs],
    [`replaced ${index}`, replacedMs],
  ]);
  return Object.fromEntries(readings);
}

async function hangOnce(engine: Awaited<ReturnType<typeof engineOf>>, kind: number): Promise<Hang> {
  let isLost = false;
  let forget = () => {};
  const replacedAtMs = new Promise<number>((resolve) => {
    const offs = [
      engine.on('threadLost', () => {
        isLost = true;
      }),
      engine.on('threadReady', () => isLost && resolve(performance.now())),
    ];
    forget = () => {
      for (const off of offs) off();
    };
  });
  const submittedAtMs = performance.now();
  const outcome = await engine.submit('hang', kind as never).outcome;
  if (outcome.status !== 'failed' || outcome.error.code !== 'STALLED') {
    throw new Error(`expected STALLED, got ${JSON.stringify(outcome)}`);
  }
  const replacedMs = (await replacedAtMs) - (submittedAtMs + outcome.timing.waitMs);
  forget();
  return { noticedMs: outcome.timing.serviceMs, replacedMs };
}

function rowOf(result: Result): Row {
  const samples = result.state === 'completed' ? result.samples : [];
  const readings = samples.flatMap((sample) => Object.entries(sample.readings ?? {}));
  const valuesOf = (what: string) =>
    readings.filter(([name]) => name.startsWith(what)).map(([, value]) => value);
  const noticed = valuesOf('noticed');
  const all = valuesOf('replaced');
  const notes =
    all.length === 0
      ? {}
      : {
          hangs: all.length,
          stallMs: STALL_MS,
          'noticed p50': quantile(noticed, 0.5),
          'noticed p99': quantile(noticed, 0.99),
          p50: quantile(all, 0.5),
          p99: quantile(all, 0.99),
          max: quantile(all, 1),
        };
  // The worst of all rounds is what has to keep to the bound, not the median of their worst ones.
  const worst: Result =
    result.state === 'completed'
      ? { ...result, spread: { ...result.spread, median: result.spread.max } }
      : result;
  const target = figure('<=', STALL_MS + ALLOWED_MS);
  return compare({ case: NAME, unit: 'ms', better: 'less', target, results: [worst], notes });
}
