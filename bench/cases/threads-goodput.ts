import { performance } from 'node:perf_hooks';
import type { Case, CaseOptions, Size } from '../case.ts';
import { alternate, type Contender, type Sample } from '../harness.ts';
import { THREADS, WORK_FILE } from '../peers/thread-pool.ts';
import { digestOf } from '../results.ts';
import { atLeast, compare } from '../row.ts';
import { spinSteps } from '../spin-steps.ts';
import { loadSpillway, type Subject } from '../subject.ts';

const MISBEHAVE = new URL('../handlers/misbehave.js', import.meta.url);
/**
 * As many deaths in a time as by default, which is 8 a minute, in a window as long as a sample: the budget is what bounds
 * the harm in the long run, and a sample has to see all of it.
 */
const RESTARTS = { max: 2, windowMs: 20_000 };
const SAMPLE_MS: Record<Size, number> = { full: RESTARTS.windowMs, quick: RESTARTS.windowMs, tiny: 100 };
const MOST_ROUNDS = 3;
const HEALTHY = ['healthy-1', 'healthy-2', 'healthy-3', 'healthy-4'] as const;
const OUTSTANDING = 32;
const TASK_MS = 1;
/** How often a task comes for the agent that misbehaves. */
const BAD_EVERY_MS = 50;
const LEAKED_MB = 8;
const RECYCLE_MB = 256;
const STALL_MS = 200;

const KINDS = ['hang', 'crash', 'leak'] as const;
type Kind = (typeof KINDS)[number];

/** What is left to the others while one agent misbehaves all the time? */
export const goodput: Case = {
  name: 'goodput-beside',
  question: 'How much healthy work is done while one agent hangs, crashes or leaks all the time?',
  async run(options: CaseOptions) {
    const contenders = [contend('without', undefined, options), ...KINDS.map((k) => contend(k, k, options))];
    const rounds = Math.min(MOST_ROUNDS, options.rounds);
    const results = await alternate(contenders, { ...options, rounds });
    const [without, ...withKind] = results;
    return withKind.map((result) =>
      compare({
        case: `goodput-beside-${result.name}`,
        unit: 'tasks/s',
        better: 'more',
        target: atLeast(0.9),
        results: [{ ...result, name: 'spillway' }, without!],
        notes: result.state === 'completed' ? { ...result.samples[0]!.readings } : {},
      }),
    );
  },
};

function contend(name: string, kind: Kind | undefined, { subject, size }: CaseOptions): Contender {
  const steps = spinSteps(size === 'tiny' ? TASK_MS / 100 : TASK_MS);
  return {
    name,
    async open() {
      return {
        // A new engine for each sample: what the restart budget remembers belongs to one.
        measure: () => measure(subject, kind, steps, SAMPLE_MS[size]),
        close: async () => {},
      };
    },
  };
}

async function engineOf(subject: Subject) {
  const { createEngine, cpuAgent } = await loadSpillway(subject);
  return createEngine({
    threads: { count: THREADS, recycle: { externalMb: RECYCLE_MB } },
    admission: { policy: subject.policy },
    restarts: RESTARTS,
    agents: [
      ...HEALTHY.map((agent) => cpuAgent(agent, { module: WORK_FILE, export: 'spin' })),
      ...KINDS.map((kind) =>
        cpuAgent(kind, { module: MISBEHAVE, export: kind, limit: 1, stallMs: STALL_MS }),
      ),
    ],
  });
}

/** Healthy work by callers that each await one task after the other; beside it, tasks for the bad agent by the clock. */
async function measure(
  subject: Subject,
  kind: Kind | undefined,
  steps: number,
  sampleMs: number,
): Promise<Sample> {
  const engine = await engineOf(subject);
  const values = new Set<unknown>();
  let isOver = false;
  let completed = 0;
  let bad = 0;
  const timer =
    kind &&
    setInterval(() => {
      engine.submit(kind, (kind === 'leak' ? LEAKED_MB : bad) as never);
      bad++;
    }, BAD_EVERY_MS);
  const startedAtMs = performance.now();
  const over = setTimeout(() => {
    isOver = true;
  }, sampleMs);
  await Promise.all(
    Array.from({ length: OUTSTANDING }, async (_, caller) => {
      for (; !isOver; completed++) values.add(await engine.run(HEALTHY[caller % HEALTHY.length]!, steps));
    }),
  );
  const tookMs = performance.now() - startedAtMs;
  clearInterval(timer);
  clearTimeout(over);
  const { restarts } = engine.stats();
  await engine.close({ timeoutMs: 1 });
  return {
    value: (completed / tookMs) * 1_000,
    hash: digestOf([...values]),
    readings: { 'bad tasks': bad, 'threads replaced': restarts },
  };
}
