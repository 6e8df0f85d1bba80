import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { COMMON_FLAGS, wholeNumber } from '../flags.ts';
import { UsageError } from '../usage-error.ts';
import { plan } from './plan.ts';
import { type Report, renderReport, verdictsOf } from './report.ts';
import { run } from './run.ts';

const DEFAULT_SEEDS = 4;
const QUICK_SEEDS = 1;
const MOST_SEEDS = 1_000;

export const HELP = `Usage: npm run bench -- admission [options]

Simulates admission: the real gate, queue and dispatcher before threads and an upstream that are models, on a clock of
their own, with the adaptive policy and with others of the field. Nothing is built and nothing waits; equal seeds give
equal figures on every machine.

Options:
  --seeds <n>      how many seeds, from 1 on (default ${DEFAULT_SEEDS}; ${QUICK_SEEDS} with --quick); half of them for the other policies
  --quick          shorter runs, fewer loads
  --json <file>    write every run to a file
  --strict         exit with 1 if a target is missed
  -h, --help
`;

/** Runs the bench with the arguments that follow its name; gives the exit code. */
export async function benchAdmission(args: readonly string[], say: (line: string) => void): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...COMMON_FLAGS,
      seeds: { type: 'string' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (positionals.length > 0)
    throw new UsageError(`expected no further argument, got ${positionals.join(' ')}`);
  const asked = values.seeds ?? String(values.quick ? QUICK_SEEDS : DEFAULT_SEEDS);
  const seeds = wholeNumber('--seeds', asked, 1, MOST_SEEDS);
  const size = values.quick ? 'quick' : 'full';
  const otherSeeds = Math.ceil(seeds / 2);
  const rows = await run(plan(size), { seeds, otherSeeds, progress: say });
  const verdicts = verdictsOf(rows);
  const report: Report = {
    bench: 'admission',
    size,
    seeds: { spillway: seeds, others: otherSeeds },
    rows,
    verdicts,
  };
  process.stdout.write(renderReport(report));
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
  return values.strict && verdicts.some(({ pass }) => !pass) ? 1 : 0;
}
