import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { COMMON_FLAGS, NO_BUILD } from '../flags.ts';
import { builtSubject, ensureFreshBuild, loadSpillway } from '../subject.ts';
import { UsageError } from '../usage-error.ts';
import { breakerCost } from './breaker-cost.ts';
import { type FailureReport, type FailureRow, renderFailure, verdictsOf } from './report.ts';
import { type FailureLane, runScenario, type Scenario } from './scenario.ts';

const HELP = `Usage: npm run bench -- failure [options]

One of two agents of a capability fails 30 % of its calls for a while: how many tasks succeed all the same, how soon its
breaker closes again, and what a breaker costs a call, beside cockatiel's.

Options:
  --quick          a shorter fault
  --json <file>    write everything that was measured to a file
  --strict         exit with 1 if a target is missed
  --no-build       measure dist as it is, even if the source is newer
  -h, --help

Examples:
  npm run bench -- failure
  npm run bench -- failure --quick --json failure.json
`;

/** Times of a run, in milliseconds. */
const TIMES = {
  full: { faultAtMs: 1_500, faultEndsAtMs: 11_500, endsAtMs: 15_500, costMs: 500 },
  quick: { faultAtMs: 1_000, faultEndsAtMs: 5_000, endsAtMs: 8_500, costMs: 200 },
} as const;
const RATES: Readonly<Record<FailureLane, number>> = { loop: 1_000, threads: 600 };
const ERROR_SHARE = 0.3;

/** Runs the bench with the arguments that follow its name; gives the exit code. */
export async function benchFailure(args: readonly string[], say: (line: string) => void): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...COMMON_FLAGS,
      ...NO_BUILD,
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (positionals.length > 0)
    throw new UsageError(`expected no further argument, got ${positionals.join(' ')}`);
  if (!values['no-build']) ensureFreshBuild(say);
  const spillway = await loadSpillway(builtSubject('none'));
  const { costMs, ...times } = TIMES[values.quick ? 'quick' : 'full'];
  const rows: FailureRow[] = [];
  for (const lane of ['loop', 'threads'] as const) {
    for (const hasBreaker of [true, false]) {
      say(`${lane}, ${hasBreaker ? 'with' : 'without'} a breaker: ${times.endsAtMs / 1_000} s`);
      const scenario: Scenario = {
        lane,
        hasBreaker,
        tasksPerSecond: RATES[lane],
        errorShare: ERROR_SHARE,
        ...times,
      };
      rows.push({ ...scenario, ...(await runScenario(spillway, scenario)) });
    }
  }
  const report: FailureReport = { bench: 'failure', rows, costNs: await breakerCost(costMs) };
  process.stdout.write(renderFailure(report));
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
  return values.strict && verdictsOf(report).some(({ pass }) => !pass) ? 1 : 0;
}
