import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { benchAdmission } from './admission/command.ts';
import type { Case, Size } from './case.ts';
import { COST } from './cost.ts';
import { COMMON_FLAGS, NO_BUILD, oneOf, wholeNumber } from './flags.ts';
import { LANES } from './lanes.ts';
import { describeMachine, describeVersions } from './machine.ts';
import { type Report, renderReport } from './report.ts';
import type { Row } from './row.ts';
import { builtSubject, ensureFreshBuild, POLICIES, type Policy } from './subject.ts';
import { THREADS_FAILURE } from './threads-failure.ts';
import { UsageError } from './usage-error.ts';
import { ensurePeers } from './workflows/dag-peers.ts';
import { dagThroughput } from './workflows/dag-throughput.ts';
import { WORKFLOWS } from './workflows.ts';

const BENCHES: Readonly<Record<string, readonly Case[]>> = {
  lanes: LANES,
  'threads-failure': THREADS_FAILURE,
  cost: COST,
  workflows: WORKFLOWS,
};

const HELP = `Usage: npm run bench -- <bench> [options]

Measures the built package beside its peers, all in one run and in alternating rounds. Figures are medians.

Benches:
  lanes            the threads lane and the loop lane, and what they stand on
  threads-failure  how soon a blocked thread is replaced, and what is left to others beside an agent that fails
  cost             shared resources: are rates kept to and used, and what does counting cost?
  workflows        steps and maps beside bare tasks, graphs beside their lower bound, LangGraph.js and BullMQ flows
  overload         0.5 to 10 times the capacity, beside peers; has options of its own: see overload --help
  load             the same as the command spillway load, with its options; see load --help
  chaos            faults of every kind at random, and a checker; see chaos --help
  failure          one of two agents fails: what its breaker saves, and costs; see failure --help
  admission        who is let in, simulated; it has options of its own: npm run bench -- admission --help
  workflow-simulation
                   workflows at random through faults, controls and restarts; see workflow-simulation --help

Options:
  --case <name>    only this case, or all whose names start so; may be given several times
  --rounds <n>     how often each contender is measured (default 5; 2 with --quick)
  --policy <name>  admission policy of Spillway: none, as its peers have it (default), or adaptive
  --quick          shorter samples: a first look in about a minute
  --json <file>    write everything that was measured to a file
  --strict         exit with 1 if a target is missed
  --no-build       measure dist as it is, even if the source is newer
  --list           name the cases
  -h, --help

Examples:
  npm run bench -- lanes
  npm run bench -- lanes --quick --case threads-noop --case loop
  npm run bench -- lanes --json lanes.json
  npm run bench -- cost --quick
  npm run bench -- workflows --json workflows.json
  npm run bench -- overload --json overload.json
  npm run bench -- load --load 3x --slo-p99 250ms
  npm run bench -- admission --seeds 8
  npm run bench -- chaos --seed 7 --tasks 100000
  npm run bench -- chaos --bug run-twice

Exit codes: 0 measured, 1 Spillway failed or results differ (--strict: or a target is missed), 2 wrong usage.
`;

interface Flags {
  readonly bench: string;
  readonly cases: readonly Case[];
  readonly rounds: number;
  readonly size: Size;
  readonly policy: Policy;
  readonly json: string | undefined;
  readonly strict: boolean;
  readonly build: boolean;
  readonly list: boolean;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function readFlags(args: readonly string[]): Flags | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...COMMON_FLAGS,
      ...NO_BUILD,
      case: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      policy: { type: 'string' },
      list: { type: 'boolean' },
    },
  });
  if (values.help) return undefined;
  const [bench = '', ...surplus] = positionals;
  const all = BENCHES[bench];
  if (all === undefined || surplus.length > 0) {
    const others = ['admission', 'chaos', 'failure', 'overload', 'load', 'workflow-simulation'];
    const expected = [...Object.keys(BENCHES), ...others].join(', ');
    throw new UsageError(`expected one bench of: ${expected}; got ${positionals.join(' ') || 'none'}`);
  }
  return {
    bench,
    cases: chooseCases(all, values.case ?? []),
    rounds: wholeNumber('--rounds', values.rounds ?? (values.quick ? '2' : '5'), 1, 1_000),
    size: values.quick ? 'quick' : 'full',
    policy: oneOf('--policy', values.policy ?? 'none', POLICIES),
    json: values.json,
    strict: values.strict ?? false,
    build: !values['no-build'],
    list: values.list ?? false,
  };
}

function chooseCases(all: readonly Case[], wanted: readonly string[]): readonly Case[] {
  for (const name of wanted) {
    if (!all.some((one) => one.name.startsWith(name))) {
      throw new UsageError(`--case: expected one of ${all.map((one) => one.name).join(', ')}; got ${name}`);
    }
  }
  return wanted.length === 0 ? all : all.filter((one) => wanted.some((name) => one.name.startsWith(name)));
}

/** A line for each case, and on a terminal what it is doing right now. */
async function measure({ cases, rounds, size, policy }: Flags): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [index, one] of cases.entries()) {
    say(`[${index + 1}/${cases.length}] ${one.name}: ${one.question}`);
    const progress = (text: string) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K  ${text}`);
    };
    rows.push(...(await one.run({ size, rounds, subject: builtSubject(policy), progress })));
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }
  return rows;
}

/** Runs `spillway load` of the built package. */
function loadBench(args: readonly string[]): number {
  const own = args.filter((arg) => arg !== '--no-build');
  if (own.length === args.length) ensureFreshBuild(say);
  const main = fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url));
  const { status, error } = spawnSync(process.execPath, [main, 'load', ...own], { stdio: 'inherit' });
  if (error !== undefined) throw error;
  // A signal ended it, which has reached this process as well.
  return status ?? 1;
}

async function main(args: readonly string[]): Promise<number> {
  if (args[0] === 'load') return loadBench(args.slice(1));
  if (args[0] === 'admission') return benchAdmission(args.slice(1), say);
  if (args[0] === 'failure') {
    const { benchFailure } = await import('./failure/command.ts');
    return benchFailure(args.slice(1), say);
  }
  if (args[0] === 'overload') {
    const { overloadBench } = await import('./overload.ts');
    return overloadBench(args.slice(1), say);
  }
  if (args[0] === 'workflow-simulation') {
    const { benchWorkflowSimulation } = await import('./workflow-simulation/command.ts');
    return benchWorkflowSimulation(args.slice(1), say);
  }
  if (args[0] === 'chaos') {
    const { chaosBench } = await import('./chaos/command.ts');
    return chaosBench(args.slice(1), say);
  }
  const flags = readFlags(args);
  if (flags === undefined) {
    process.stdout.write(HELP);
    return 0;
  }
  if (flags.list) {
    for (const one of flags.cases) process.stdout.write(`${one.name.padEnd(26)}${one.question}\n`);
    return 0;
  }
  if (flags.build) ensureFreshBuild(say);
  if (flags.cases.some((one) => dagThroughput.includes(one as never))) ensurePeers(say);
  const machine = describeMachine();
  const report: Report = {
    bench: flags.bench,
    takenAt: new Date().toISOString(),
    size: flags.size,
    machine,
    node: process.version,
    versions: describeVersions(),
    rows: await measure(flags),
  };
  process.stdout.write(renderReport(report));
  if (flags.json !== undefined) await writeFile(flags.json, `${JSON.stringify(report, null, 2)}\n`);
  const broken = report.rows.some((row) => row.spillway === null || !row.sameResults);
  return broken || (flags.strict && report.rows.some((row) => !row.pass)) ? 1 : 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isUsage =
    error instanceof UsageError || (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS');
  say(isUsage ? `bench: ${(error as Error).message}; see --help` : String((error as Error).stack));
  process.exitCode = isUsage ? 2 : 1;
}
// A pool that could not be closed would keep the process.
process.exit();
