import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { COMMON_FLAGS, MOST_SEED, NO_BUILD, oneOf, wholeNumber } from '../flags.ts';
import { describeMachine, describeVersions } from '../machine.ts';
import { builtSubject, ensureFreshBuild, POLICIES, type Policy, sourceSubject } from '../subject.ts';
import { BUGS, type Bug } from './bugs.ts';
import { type ChaosSize, SIZES, sizeOf } from './plan.ts';
import { missesOf, renderChaos } from './report.ts';
import { runChaos } from './run.ts';

const DEFAULT_SEED = 1;
const MOST_TASKS = 10_000_000;
/** Enough for each mistake to have its occasion; threads from source take long to start. */
const BUG_TASKS = 20_000;

const HELP = `Usage: npm run bench -- chaos [options]

A long run of mixed work (small CPU tasks in batches, longer ones, loop calls, streams; priorities, tenants, cancels one
by one and in bulk, timeouts, retries) while threads and child processes die of exceptions, process.exit, endless loops
and full heaps, or are recycled, while faults are injected, and while handlers throw, block, leak and never settle, all
at random from a seed. A checker that knows nothing of the engine replays what the bench and the handlers
wrote down: every task ends once and rightly, none runs twice that must not, no permit is lost, counts add up, every
thread is replaced, memory stays flat.

Options:
  --seed <n>       of the whole run (default ${DEFAULT_SEED})
  --tasks <n>      how many tasks (default ${SIZES.full.tasks}; ${SIZES.quick.tasks} with --quick); deaths in proportion
  --quick          a first look, in about four minutes; the whole takes about half an hour
  --policy <name>  none: the bench's own limit turns away whom the seed turns away (default); adaptive: the engine decides
  --bug <name>     builds a mistake into the engine, to see that the checker finds it: ${BUGS.join(', ')};
                   runs from source, ${BUG_TASKS} tasks unless told otherwise
  --elastic        between 1 and 3 threads, as load has it, instead of always 2
  --json <file>    write the report to a file
  --strict         exit with 1 if a figure is missed, too: deaths of each kind, replacement within 1 s at p99
  --no-build       run dist as it is, even if the source is newer
  -h, --help

Examples:
  npm run bench -- chaos --seed 7 --json chaos.json
  npm run bench -- chaos --quick --policy adaptive
  npm run bench -- chaos --bug run-twice

Exit codes: 0 the checker found nothing, 1 it found something, 2 wrong usage.
`;

interface Flags {
  readonly seed: number;
  readonly size: ChaosSize;
  readonly bug: Bug | undefined;
  readonly policy: Policy;
  readonly elastic: boolean;
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
      seed: { type: 'string' },
      tasks: { type: 'string' },
      policy: { type: 'string' },
      bug: { type: 'string' },
      elastic: { type: 'boolean' },
    },
  });
  if (values.help) return undefined;
  const seed = wholeNumber('--seed', values.seed ?? String(DEFAULT_SEED), 0, MOST_SEED);
  const bug = values.bug === undefined ? undefined : oneOf('--bug', values.bug, BUGS);
  const policy = oneOf('--policy', values.policy ?? 'none', POLICIES);
  const asked = values.tasks ?? (bug === undefined ? undefined : String(BUG_TASKS));
  const size = values.quick ? SIZES.quick : SIZES.full;
  return {
    seed,
    size: asked === undefined ? size : sizeOf(wholeNumber('--tasks', asked, 1_000, MOST_TASKS)),
    bug,
    policy,
    elastic: values.elastic ?? false,
    json: values.json,
    strict: values.strict ?? false,
    build: !values['no-build'],
  };
}

/** The command; resolves with its exit code. */
export async function chaosBench(args: readonly string[], say: (text: string) => void): Promise<number> {
  const flags = readFlags(args);
  if (flags === undefined) {
    process.stdout.write(HELP);
    return 0;
  }
  const isBuilt = flags.bug === undefined;
  if (isBuilt && flags.build) ensureFreshBuild(say);
  const machine = describeMachine();
  const takenAt = new Date().toISOString();
  const subject = isBuilt ? builtSubject(flags.policy) : sourceSubject();
  const report = await runChaos({ ...flags, subject, progress: say });
  process.stdout.write(renderChaos(report));
  if (flags.json !== undefined) {
    const whole = { ...report, takenAt, machine, node: process.version, versions: describeVersions() };
    await writeFile(flags.json, `${JSON.stringify(whole, null, 2)}\n`);
  }
  return report.findings.length > 0 || (flags.strict && missesOf(report).length > 0) ? 1 : 0;
}
