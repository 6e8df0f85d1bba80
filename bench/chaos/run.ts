import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setEnvironmentData } from 'node:worker_threads';
import type { Engine } from '../../src/contract/engine.ts';
import type { EngineOptions } from '../../src/contract/options.ts';
import { loadSpillway, type Policy, type Subject } from '../subject.ts';
import { chaosAgents, latecomer } from './agents.ts';
import { type Bug, inject } from './bugs.ts';
import { type Finding, replay } from './checker.ts';
import { CountingLimit } from './counting-limit.ts';
import { countFindings, failuresIn } from './counts.ts';
import { Drive } from './drive.ts';
import { DEATHS } from './kinds.ts';
import { LEDGER_FILE, LEDGER_KEY, Ledger, LedgerFile } from './ledger.js';
import { ChaosLog } from './log.ts';
import { memoryFigures } from './memory.ts';
import { ChaosPlan, type ChaosSize } from './plan.ts';
import { type ChaosReport, percentile } from './report.ts';
import { ThreadWatch } from './thread-watch.ts';

const FIXED = { min: 2, max: 2 } as const;
/** So restless that threads come and go all the time. */
const ELASTIC = { min: 1, max: 3, scaling: { targetLoad: 0.15, coolDownMs: 250, quietMs: 500 } } as const;
const SAMPLE_EVERY_MS = 500;
const TELL_EVERY_MS = 5_000;
/** What a thread's heap may hold, so that filling it does not take long. */
const HEAP_MB = 40;
/** Tasks after which a thread is replaced; most die before. */
const RECYCLED_AFTER = 250;

export interface ChaosOptions {
  readonly seed: number;
  readonly size: ChaosSize;
  readonly subject: Subject;
  readonly bug?: Bug | undefined;
  /** Who decides who is let in: the plan, by the bench's own limit (`none`, the default), or the engine. */
  readonly policy?: Policy;
  /** Threads follow load meanwhile. Default: there are always two. */
  readonly elastic?: boolean;
  /**
   * How long nothing may end before the run is given up, and how long the pool may take to be whole again after the last
   * task, in milliseconds. Default 30,000.
   */
  readonly stuckMs?: number;
  readonly progress: (text: string) => void;
}

/** Runs the plan of a seed and has the run checked. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, size, subject, bug, policy = 'none', elastic = false, stuckMs = 30_000, progress } = options;
  const threads = elastic ? ELASTIC : FIXED;
  const plan = new ChaosPlan(seed, size, policy);
  const ledger = Ledger.of(size.tasks);
  const log = new ChaosLog(size.tasks);
  const limit = new CountingLimit(log);
  const spillway = await loadSpillway(subject);
  const undo = bug === undefined ? () => {} : await inject(bug, subject);
  // Threads that start from here on find it.
  setEnvironmentData(LEDGER_KEY, ledger.memory as never);
  const folder = await mkdtemp(join(tmpdir(), 'spillway-chaos-'));
  const file = join(folder, 'ledger');
  LedgerFile.create(file, size.tasks);
  process.env[LEDGER_FILE] = file;
  const engine: Engine = await spillway.createEngine<EngineOptions['agents'] & {}>({
    agents: chaosAgents(spillway, ledger),
    threads: {
      ...threads,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
      recycle: { tasks: RECYCLED_AFTER },
    },
    restarts: { max: 1_000_000 },
    retryBudget: { share: 1, minimum: 1_000_000 },
    admission: policy === 'none' ? { policy: 'custom', limit } : { policy },
    faults: true,
  });
  const atWork = () =>
    engine.stats().threads.filter(({ state }) => state === 'idle' || state === 'busy').length;
  const watch = new ThreadWatch(
    () => performance.now(),
    () => atWork() < threads.min,
  );
  engine.on('threadLost', watch.lost);
  engine.on('threadRecycled', watch.recycling);
  engine.on('threadReady', watch.ready);
  engine.on('scaled', watch.scaled);
  const samplesMb: number[] = [];
  const sampling = setInterval(() => samplesMb.push(process.memoryUsage.rss() / 2 ** 20), SAMPLE_EVERY_MS);
  const startedAtMs = performance.now();
  let tellAtMs = startedAtMs + TELL_EVERY_MS;
  try {
    const drive = new Drive({
      engine,
      latecomer: latecomer(spillway),
      plan,
      log,
      limit,
      ledger,
      stuckMs,
      progress(ended) {
        if (performance.now() < tellAtMs) return;
        tellAtMs = performance.now() + TELL_EVERY_MS;
        progress(`${ended} of ${size.tasks} tasks ended, ${watch.total} threads died`);
      },
    });
    const allEnded = await drive.run();
    const tookMs = performance.now() - startedAtMs;
    clearInterval(sampling);
    const ready = await refilled(engine, threads.min, allEnded, stuckMs);
    const stats = engine.stats();
    if (!allEnded) progress('nothing moves any more: the run is given up, and checked as it is');
    ledger.addFile(file);
    const said = replay({
      demands: plan,
      entries: log.entries(),
      begun: ledger.begun,
      done: ledger.done,
      deaths: watch.total,
    });
    const memory = memoryFigures(samplesMb);
    const findings: Finding[] = [
      ...said.findings,
      ...countFindings(stats, said, {
        deaths: watch.total,
        givenUp: watch.givenUp,
        recycled: watch.recycled,
      }),
    ];
    if (ready < threads.min) {
      findings.push({ rule: 'threads', message: `${ready} of ${threads.min} threads are ready at the end` });
    }
    for (const message of watch.unexpected)
      findings.push({ rule: 'threads', message: `killed by ${message}` });
    if (!memory.isFlat) {
      findings.push({
        rule: 'memory',
        message: `resident memory rose by ${Math.round(memory.rise * 100)} %`,
      });
    }
    return {
      bench: 'chaos',
      seed,
      policy,
      bug,
      scaled: watch.changes,
      tasks: size.tasks,
      tookMs,
      endings: said.endings,
      retries: said.retries,
      reruns: said.reruns,
      recycled: watch.recycled,
      ...drive.meddled,
      deaths: DEATHS.map((death) => {
        const died = death === 'child' ? failuresIn(said.endingsOf.isolated) : watch.deaths[death];
        return { death, wanted: size.deaths[death], died };
      }),
      replacedMs: {
        p50: percentile(watch.replacedAfterMs, 0.5),
        p99: percentile(watch.replacedAfterMs, 0.99),
        max: percentile(watch.replacedAfterMs, 1),
      },
      memory,
      findings,
    };
  } finally {
    clearInterval(sampling);
    await engine.close({ timeoutMs: 1_000 });
    undo();
    delete process.env[LEDGER_FILE];
    await rm(folder, { recursive: true });
  }
}

/** Waits until so many threads take work and the last attempts of tasks that ended have left them; gives how many do. */
async function refilled(engine: Engine, count: number, allEnded: boolean, withinMs: number): Promise<number> {
  const untilMs = performance.now() + withinMs;
  for (;;) {
    const { threads, agents } = engine.stats();
    const ready = threads.filter(({ state }) => state === 'idle').length;
    const isQuiet = !allEnded || agents.every(({ inFlight }) => inFlight === 0);
    if ((ready >= count && isQuiet) || performance.now() > untilMs) return ready;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
