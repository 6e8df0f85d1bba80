import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { type ApartCase, alternateApart } from '../apart.ts';
import type { CaseOptions, Size } from '../case.ts';
import { closedLoop } from '../closed-loop.ts';
import { type Contender, type Result, type Sample, spreadOf } from '../harness.ts';
import { mainThreadCpuMs } from '../main-thread-cpu.ts';
import { openBareThreads } from '../peers/bare-threads.ts';
import { spillwayThreads } from '../peers/spillway.ts';
import { THREAD_PEERS } from '../peers/thread-peers.ts';
import { THREADS, type ThreadPeer } from '../peers/thread-pool.ts';
import { digestOf } from '../results.ts';
import { atLeast, compare, figure, type Row, SPILLWAY } from '../row.ts';
import { spinSteps } from '../spin-steps.ts';

const BARE = 'two-busy-cores';
const OUTSTANDING = 64;

/** How long a sample is, about, and how many tasks it has at least. */
const SIZES: Record<Size, { wallMs: number; leastTasks: number; warmUpTasks: number }> = {
  full: { wallMs: 600, leastTasks: 100, warmUpTasks: 40_000 },
  quick: { wallMs: 200, leastTasks: 40, warmUpTasks: 4_000 },
  tiny: { wallMs: 10, leastTasks: 12, warmUpTasks: 12 },
};

/**
 * How much of two cores reaches CPU tasks of this length? Work is counted in steps, not in time, so whatever slows the
 * machine slows all alike.
 *
 * Two rows. The first compares rates with the peers'. The second compares Spillway with two bare threads that got the
 * same work as one list each and exchange nothing ("two busy cores", measured in the same rounds). On a machine of two
 * cores the main thread's CPU time is missing from the tasks, whoever runs them, so the yardstick is what it leaves:
 * bare rate x (2 - main thread's CPU time / wall time) / 2. With more cores nothing is missing.
 */
function cpuTasks(taskMs: number): ApartCase {
  const name = `threads-cpu-${taskMs}ms`;
  return {
    name,
    question: `How much of two cores reaches CPU tasks of ${taskMs} ms, ${OUTSTANDING} outstanding?`,
    prepare: ({ size }) => inputsOf(taskMs, size),
    contenders({ subject, size }, prepared) {
      const inputs = prepared as readonly number[];
      const peers = [spillwayThreads(subject), ...THREAD_PEERS];
      const { warmUpTasks } = SIZES[size];
      return [bareContender(inputs), ...peers.map((peer) => poolContender(peer, inputs, warmUpTasks))];
    },
    async run(options: CaseOptions) {
      const results = await alternateApart(this, options);
      const bare = results.find((result) => result.name === BARE) as Result;
      const pools = results.filter((result) => result !== bare);
      const rates = compare({
        case: name,
        unit: 'tasks/s',
        better: 'more',
        target: atLeast(1),
        results: pools,
      });
      return [withBare(rates, bare), efficiencyRow(name, pools, bare)];
    },
  };
}

/** Steps of each task. A few steps more or less let the results differ. */
function inputsOf(taskMs: number, size: Size): readonly number[] {
  const { wallMs, leastTasks } = SIZES[size];
  const tasks = Math.max(leastTasks, Math.round((THREADS * wallMs) / taskMs));
  const steps = spinSteps(size === 'tiny' ? taskMs / 100 : taskMs);
  return Array.from({ length: tasks }, (_, index) => steps + (index & 63));
}

function poolContender(peer: ThreadPeer, inputs: readonly number[], warmUpTasks: number): Contender {
  return {
    name: peer.name,
    async open() {
      const pool = await peer.open('spin');
      const pass = (tasks: number) =>
        closedLoop(tasks, OUTSTANDING, (index) => pool.run(inputs[index], 'work'));
      return {
        async warmUp() {
          // Tasks of 1 ms are too few a second to get a pool's own code compiled in a reasonable time; empty ones do it.
          await closedLoop(warmUpTasks, OUTSTANDING, () => pool.run(1, 'work'));
          await pass(Math.ceil(inputs.length / 4));
        },
        measure: () => timed(inputs.length, () => pass(inputs.length)),
        close: () => pool.close(),
      };
    },
  };
}

function bareContender(inputs: readonly number[]): Contender {
  return {
    name: BARE,
    async open() {
      const threads = openBareThreads();
      return {
        warmUp: async () => void (await threads.spinAll(inputs.slice(0, Math.ceil(inputs.length / 4)))),
        measure: () => timed(inputs.length, () => threads.spinAll(inputs)),
        close: () => threads.close(),
      };
    },
  };
}

async function timed(tasks: number, pass: () => Promise<readonly unknown[]>): Promise<Sample> {
  const cpuBeforeMs = mainThreadCpuMs();
  const startedAtMs = performance.now();
  const results = await pass();
  const wallMs = performance.now() - startedAtMs;
  const mainCores = (mainThreadCpuMs() - cpuBeforeMs) / wallMs;
  return { value: (tasks / wallMs) * 1000, hash: digestOf(results), readings: { mainCores } };
}

function withBare(row: Row, bare: Result): Row {
  if (bare.state === 'failed') return { ...row, failures: { ...row.failures, [BARE]: bare.error.message } };
  return { ...row, notes: { ...row.notes, [BARE]: bare.spread.median } };
}

function efficiencyRow(name: string, pools: readonly Result[], bare: Result): Row {
  const shares = pools.map((pool) => shareOfWhatIsLeft(pool, bare));
  const own = pools.find((pool) => pool.name === SPILLWAY);
  const mainCores =
    own?.state === 'completed'
      ? spreadOf(own.samples.map((sample) => sample.readings?.mainCores ?? 0)).median
      : 0;
  return compare({
    case: `${name}-efficiency`,
    unit: 'of two busy cores less main',
    better: 'more',
    target: figure('>=', 0.95),
    results: shares,
    notes: { 'main thread, cores': mainCores },
  });
}

/** Rate over what two bare threads do in the cores that the main thread left, round by round. */
function shareOfWhatIsLeft(pool: Result, bare: Result): Result {
  if (pool.state === 'failed') return pool;
  if (bare.state === 'failed') return { state: 'failed', name: pool.name, error: bare.error };
  const samples = pool.samples.map((sample, round) => {
    const wantedCores = THREADS + (sample.readings?.mainCores ?? 0);
    const leftCores = THREADS - Math.max(0, wantedCores - Math.max(THREADS, availableParallelism()));
    const yardstick = (bare.samples[round]?.value ?? Number.NaN) * (leftCores / THREADS);
    return { ...sample, value: sample.value / yardstick };
  });
  return { ...pool, samples, spread: spreadOf(samples.map((sample) => sample.value)) };
}

export const threadsCpu1 = cpuTasks(1);
export const threadsCpu10 = cpuTasks(10);
