import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Size } from './case.ts';
import { COMMON_FLAGS, MOST_SEED, NO_BUILD, oneOf, wholeNumber } from './flags.ts';
import { describeMachine, describeVersions } from './machine.ts';
import { loopLane } from './overload/loop-lane.ts';
import { measureLane } from './overload/measure-lane.ts';
import { type LaneReport, type OverloadReport, renderOverload } from './overload/overload-report.ts';
import type { LaneName } from './overload/plan.ts';
import { targetsOf } from './overload/targets.ts';
import { threadsLane } from './overload/threads-lane.ts';
import { builtSubject, ensureFreshBuild, type Subject } from './subject.ts';

const LANE_NAMES: readonly LaneName[] = ['threads', 'loop'];
const DEFAULT_SEED = 7_101;

const HELP = `Usage: npm run bench -- overload [options]

Offers real threads and real sockets 0.5, 0.9, 1.2, 2, 5 and 10 times the capacity measured just before, then 0.5 again,
to Spillway and its peers in one run, in rounds that each start with another of them. Tasks arrive by themselves (Poisson), the same for all; latency counts from when a
task was meant to be sent. 10 % are of high priority, 30 % normal, 60 % low.

Options:
  --lane <name>    only this lane: threads or loop
  --rounds <n>     how often each contender is measured (default 3; 1 with --quick); figures are medians
  --quick          shorter windows: a first look in about three minutes; a full round takes about ten
  --seed <n>       of the arrivals and the work (default ${DEFAULT_SEED})
  --json <file>    write everything that was measured to a file
  --strict         exit with 1 if a target is missed or could not be judged
  --no-build       measure dist as it is, even if the source is newer
  -h, --help

Columns:
  0.5x .. 10x      work completed within the objective, over the capacity, both in average tasks, so that a long one
                   counts for more; ! if the generator itself was late, ~ (at the name) if the machine's
                   capacity just before and just after was more than 10 % apart
  p99/SLO          worst p99 of completed tasks at 2 to 10x, over the objective
  high 2/5/10x     share of the high-priority tasks that were completed within the objective
  shed .5/.9x      tasks rejected although there was room for all
  recovery         from the fall to 0.5x until 99 % of new tasks are good again
  storm            2x while clients send rejected or failed tasks again, up to 3 times, after the error's retryAfterMs
                   or, where there is none, 100 ms, doubling, with jitter: goodput, time until healthy again at 0.7x,
                   sendings for each task

Examples:
  npm run bench -- overload
  npm run bench -- overload --quick --lane threads
  npm run bench -- overload --json overload.json

Exit codes: 0 measured, 1 it failed (--strict: or a target is missed), 2 wrong usage.
`;

interface Flags {
  readonly lanes: readonly LaneName[];
  readonly size: Size;
  readonly rounds: number;
  readonly seed: number;
  readonly json: string | undefined;
  readonly strict: boolean;
  readonly build: boolean;
}

function readFlags(args: readonly string[]): Flags | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...COMMON_FLAGS,
      ...NO_BUILD,
      lane: { type: 'string' },
      rounds: { type: 'string' },
      seed: { type: 'string' },
    },
  });
  if (values.help) return undefined;
  return {
    lanes: values.lane === undefined ? LANE_NAMES : [oneOf('--lane', values.lane, LANE_NAMES)],
    size: values.quick ? 'quick' : 'full',
    rounds: wholeNumber('--rounds', values.rounds ?? (values.quick ? '1' : '3'), 1, 100),
    seed: wholeNumber('--seed', values.seed ?? String(DEFAULT_SEED), 0, MOST_SEED),
    json: values.json,
    strict: values.strict ?? false,
    build: !values['no-build'],
  };
}

export interface OverloadOptions {
  readonly lanes: readonly LaneName[];
  readonly size: Size;
  readonly rounds: number;
  readonly seed: number;
  readonly subject: Subject;
  readonly progress: (text: string) => void;
}

/** Measures the lanes one after the other. */
export async function measureOverload(options: OverloadOptions): Promise<OverloadReport> {
  const { subject, size, seed } = options;
  const takenAt = new Date().toISOString();
  const machine = describeMachine();
  const lanes: LaneReport[] = [];
  for (const name of options.lanes) {
    const lane = name === 'threads' ? threadsLane(subject, size, seed) : await loopLane(subject, size);
    try {
      lanes.push(await measureLane(lane, options));
    } finally {
      await lane.close();
    }
  }
  return {
    bench: 'overload',
    takenAt,
    size,
    seed,
    machine,
    node: process.version,
    versions: describeVersions(),
    lanes,
    targets: lanes.flatMap(targetsOf),
  };
}

/** The command; resolves with its exit code. */
export async function overloadBench(args: readonly string[], say: (text: string) => void): Promise<number> {
  const flags = readFlags(args);
  if (flags === undefined) {
    process.stdout.write(HELP);
    return 0;
  }
  if (flags.build) ensureFreshBuild(say);
  const report = await measureOverload({ ...flags, subject: builtSubject('adaptive'), progress: say });
  process.stdout.write(renderOverload(report));
  if (flags.json !== undefined) await writeFile(flags.json, `${JSON.stringify(report, null, 2)}\n`);
  return flags.strict && report.targets.some(({ verdict }) => verdict !== 'pass') ? 1 : 0;
}
