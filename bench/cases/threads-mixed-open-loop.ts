import { performance } from 'node:perf_hooks';
import { type Arrivals, poissonArrivals } from '../arrivals.ts';
import type { Case, CaseOptions, Size } from '../case.ts';
import { closedLoop } from '../closed-loop.ts';
import { alternate, type Contender, quantile, type Result, type Sample, spreadOf } from '../harness.ts';
import { openBareThreads } from '../peers/bare-threads.ts';
import { spillwayThreads } from '../peers/spillway.ts';
import { THREAD_PEERS } from '../peers/thread-peers.ts';
import type { ThreadPeer, ThreadPool } from '../peers/thread-pool.ts';
import { digestOf } from '../results.ts';
import { atMost, compare, SPILLWAY } from '../row.ts';
import { spinSteps } from '../spin-steps.ts';

const NAME = 'threads-mixed-open-loop';
const LOAD = 0.7;
const SHORT_MS = 0.02;
const LONG_MS = 20;
const LONG_SHARE = 0.01;
/** Another seed gives other arrivals; all contenders of a round get the same. */
const SEED = 7_001;

/** How long a sample is, about, and by what the long tasks are shortened. */
const SIZES: Record<Size, { wallMs: number; shrink: number }> = {
  full: { wallMs: 1_500, shrink: 1 },
  quick: { wallMs: 500, shrink: 1 },
  tiny: { wallMs: 30, shrink: 20 },
};

interface Plan {
  readonly ratePerSecond: number;
  readonly tasks: number;
  steps(index: number, isLong: boolean): number;
}

/**
 * How late are short tasks when another agent's long ones come in between? An open loop: tasks come at times of their
 * own, 70 % of what two bare threads get through of the same mix, whether or not those before are done. Latency counts
 * from when a task was due, so a caller that is held up hides nothing. The generator wakes up about every millisecond
 * and submits all that is due; how late that was is reported with the figures, and is the same loop for all.
 */
export const threadsMixedOpenLoop: Case = {
  name: NAME,
  question:
    'Open loop at 70 % of capacity, 99 % tasks of 20 us and 1 % of 20 ms of another agent: p99 of the short?',
  async run(options: CaseOptions) {
    const plan = await makePlan(options);
    const peers = [spillwayThreads(options.subject, ['short', 'long']), ...THREAD_PEERS];
    const results = await alternate(
      peers.map((peer) => contend(peer, plan)),
      options,
    );
    const notes = { 'tasks/s offered': Math.round(plan.ratePerSecond), ...notesOf(results) };
    return [
      compare({ case: NAME, unit: 'ms, p99 of short', better: 'less', target: atMost(1), results, notes }),
    ];
  },
};

/** Finds out what two bare threads get through of this mix. */
async function makePlan({ size, progress }: CaseOptions): Promise<Plan> {
  progress('capacity of two bare threads');
  const { wallMs, shrink } = SIZES[size];
  const steps = (index: number, isLong: boolean) =>
    spinSteps(isLong ? LONG_MS / shrink : SHORT_MS) + (index & 63);
  const every = Math.round(1 / LONG_SHARE);
  const mix = Array.from({ length: size === 'tiny' ? every : 20 * every }, (_, index) =>
    // Half a period apart for odd and even, so that each thread gets its share of the long ones.
    steps(index, index % (2 * every) === 0 || index % (2 * every) === every + 1),
  );
  const threads = openBareThreads();
  const rates: number[] = [];
  for (let go = 0; go < 4; go++) {
    const startedAtMs = performance.now();
    await threads.spinAll(mix);
    if (go > 0) rates.push((mix.length / (performance.now() - startedAtMs)) * 1000);
  }
  await threads.close();
  const ratePerSecond = LOAD * quantile(rates, 0.5);
  return { ratePerSecond, tasks: Math.max(100, Math.round((ratePerSecond * wallMs) / 1000)), steps };
}

function contend(peer: ThreadPeer, plan: Plan): Contender {
  return {
    name: peer.name,
    async open() {
      const pool = await peer.open('spin');
      const warmUp = (isLong: boolean, tasks: number) =>
        closedLoop(tasks, 8, (index) => pool.run(plan.steps(index, isLong), isLong ? 'long' : 'short'));
      return {
        async warmUp() {
          await warmUp(false, plan.tasks);
          await warmUp(true, 8);
        },
        measure: (round) =>
          offer(pool, plan, poissonArrivals(plan.tasks, plan.ratePerSecond, LONG_SHARE, SEED + round)),
        close: () => pool.close(),
      };
    },
  };
}

/** Offers the arrivals to the pool, waits for all results, and gives the p99 of the short tasks in milliseconds. */
async function offer(pool: ThreadPool, plan: Plan, arrivals: Arrivals): Promise<Sample> {
  const { dueMs, isLong } = arrivals;
  const results = new Array<unknown>(dueMs.length);
  const latencyMs = new Float64Array(dueMs.length);
  const lagMs = new Float64Array(dueMs.length);
  const startedAtMs = performance.now() + 5;
  async function task(index: number): Promise<void> {
    const long = isLong[index] === true;
    const dueAtMs = startedAtMs + (dueMs[index] as number);
    lagMs[index] = performance.now() - dueAtMs;
    results[index] = await pool.run(plan.steps(index, long), long ? 'long' : 'short');
    latencyMs[index] = performance.now() - dueAtMs;
  }
  const running: Promise<void>[] = [];
  while (running.length < dueMs.length) {
    const elapsedMs = performance.now() - startedAtMs;
    while (running.length < dueMs.length && (dueMs[running.length] as number) <= elapsedMs) {
      running.push(task(running.length));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(running);
  const short = latencyMs.filter((_, index) => isLong[index] !== true);
  return {
    value: quantile(short, 0.99),
    hash: digestOf(results),
    readings: { p50Ms: quantile(short, 0.5), lagP99Ms: quantile(lagMs, 0.99) },
  };
}

/** p50 of Spillway, and the generator's own lag: with Spillway, and with whom it was largest. */
function notesOf(results: readonly Result[]): Record<string, number> {
  const reading = (result: Result, name: string): number =>
    result.state === 'failed' ? 0 : spreadOf(result.samples.map((s) => s.readings?.[name] ?? 0)).median;
  const own = results.find((result) => result.name === SPILLWAY);
  return {
    ...(own && {
      'spillway p50, ms': reading(own, 'p50Ms'),
      'generator lag p99 with spillway, ms': reading(own, 'lagP99Ms'),
    }),
    'generator lag p99 at worst, ms': Math.max(...results.map((result) => reading(result, 'lagP99Ms'))),
  };
}
