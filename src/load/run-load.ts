import { resolve } from 'node:path';
import { OutputFolder } from '../report/output-folder.ts';
import type { LoadReport } from '../report/report.ts';
import { seededRandom } from '../upstream/seeded-random.ts';
import { buildReport } from './build-report.ts';
import { measureCapacity } from './capacity.ts';
import { cpuTarget } from './cpu-target.ts';
import { loadEngine } from './load-engine.ts';
import { type Measurement, measure } from './measure.ts';
import { moduleTarget } from './module-target.ts';
import { checkLoadOptions, type FullLoadOptions, type LoadOptions, loadOptions } from './options.ts';
import { type ArrivalPlan, needsCapacity, planArrivals } from './plan.ts';
import type { LoadSurroundings } from './surroundings.ts';
import type { LoadTarget } from './target.ts';
import { type NextTask, spread, taskSource } from './task-source.ts';
import { readTrace, type Trace } from './trace.ts';
import { tunedAgents, tunedLoad } from './tuned-load.ts';
import { upstreamTarget } from './upstream-target.ts';
import { writeReport } from './write-report.ts';

/** A load run that is done, and where its files are. */
export interface WrittenLoad {
  readonly report: LoadReport;
  readonly paths: readonly string[];
  /** Offered, but without an outcome at the end of the drain. */
  readonly unfinished: number;
  /** Why the first task failed that did. */
  readonly firstFailure: string | undefined;
}

/**
 * Offers a load to an engine, measures what comes of it and writes the report files. Leaves nothing running.
 * @throws ConfigError on a wrong option, trace, module or configuration; SpillwayError `OUTPUT_NOT_WRITABLE`,
 * `REPORT_UNREADABLE` and `UPSTREAM_UNREACHABLE`; the signal's reason when it aborts.
 */
export async function runLoad(given: LoadOptions, around: LoadSurroundings): Promise<WrittenLoad> {
  checkLoadOptions(given);
  const tuned = await tunedLoad(given);
  const options = loadOptions(given, tuned?.options);
  const trace =
    options.trace === undefined ? undefined : await readTrace(resolve(options.cwd, options.trace));
  const output = await OutputFolder.open(resolve(options.cwd, options.outDir), around.processId);
  const opened = await openTarget(options, trace);
  const target = { ...opened, agents: tunedAgents(opened.agents, tuned, given) };
  try {
    around.signal?.throwIfAborted();
    const source = () => taskSource(target, trace, options.priorities, options.seed);
    const capacityPerSecond = needsCapacity(options)
      ? await measureCapacity(options, target, spread(source(), trace), around)
      : undefined;
    const plan = planArrivals(options, trace, capacityPerSecond, seededRandom(options.seed));
    const measurement = await offer({ options, plan, target, next: source() }, around);
    const report = buildReport({ options, plan, work: target.work, measurement, version: around.version });
    return {
      report,
      paths: await writeReport(output, report, measurement),
      unfinished: measurement.recorder.totals.open,
      firstFailure: measurement.recorder.firstFailure,
    };
  } finally {
    await target.close();
  }
}

function openTarget(options: FullLoadOptions, trace: Trace | undefined): Promise<LoadTarget> {
  const { target, cpu, upstream, cwd, seed } = options;
  if (target === 'cpu') return cpuTarget({ ...cpu, meanTokens: trace?.meanTokens });
  if (target === 'upstream') return upstreamTarget({ ...upstream, seed });
  return moduleTarget(target, cwd);
}

interface Offer {
  readonly options: FullLoadOptions;
  readonly plan: ArrivalPlan;
  readonly target: LoadTarget;
  readonly next: NextTask;
}

async function offer({ options, plan, target, next }: Offer, around: LoadSurroundings): Promise<Measurement> {
  const { warmupMs, intervalMs, drainMs, sloP99Ms = null } = options;
  const engine = await loadEngine(options, target.agents);
  try {
    return await measure(
      {
        engine,
        agentNames: target.agents.map(({ name }) => name),
        next,
        arrivals: plan.arrivals,
        durationMs: plan.durationMs,
        warmupMs,
        intervalMs,
        drainMs,
        sloP99Ms,
      },
      around,
    );
  } finally {
    // What is outstanding now was waited for long enough.
    await engine.close({ timeoutMs: 1 });
  }
}
