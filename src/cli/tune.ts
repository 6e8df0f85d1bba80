import { relative, resolve } from 'node:path';
import { Command } from 'commander';
import type { LoadReport } from '../report/report.ts';
import type { Confirmation, RunAgain } from '../tune/confirm.ts';
import { TUNE_DEFAULTS } from '../tune/defaults.ts';
import type { NamedReport } from '../tune/workload.ts';
import { duration, shareUpTo, wholeNumber } from './option-values.ts';
import { runLoadHere } from './run-load-here.ts';
import { EXIT, print, type Terminal } from './terminal.ts';
import { packageVersion } from './version.ts';

interface TuneFlags {
  readonly sloP99: number;
  readonly headroom: number;
  readonly maxThreads?: number;
  readonly seed: number;
  readonly out: string;
  readonly confirm?: true;
  readonly confirmOut: string;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  spillway tune report.json --slo-p99 250ms                     writes ${TUNE_DEFAULTS.out}
  spillway tune limit-16.json limit-32.json --slo-p99 1.5s      finds the knee between several runs
  spillway tune report.json --slo-p99 250ms --confirm           runs the load again with it: predicted beside measured
  spillway tune report.json --slo-p99 250ms --json              the configuration as JSON on stdout, too

Exit codes: 0 written, 1 refused (too few samples, reports that contradict each other, an objective that cannot be met)
or not confirmed, 2 no report, another version, or wrong usage, 130 stopped by Ctrl-C.`;

/**
 * The command `spillway tune <report...>`.
 * @param again runs a load again; by default it does, in this process
 */
export function tuneCommand(
  terminal: Terminal,
  exit: (code: number) => void,
  again: (flags: TuneFlags) => RunAgain = (flags) => againHere(flags, terminal),
): Command {
  const d = TUNE_DEFAULTS;
  return new Command('tune')
    .description('Computes a configuration from load reports, for an objective.')
    .argument('<report...>', 'report.json of one or several load runs of the same work on the same machine')
    .requiredOption('--slo-p99 <duration>', 'objective for the p99 of every agent: 250ms, 1.5s', duration(1))
    .option('--headroom <share>', 'share of the objective to leave free', shareUpTo(0.9), d.headroom)
    .option(
      '--max-threads <n>',
      'most threads to ask for, if others need cores too (default: one a core)',
      wholeNumber(1, 1_024),
    )
    .option('--seed <n>', 'seed of the simulation', wholeNumber(0, 4_294_967_295), d.seed)
    .option('--out <file>', 'where to write the configuration', d.out)
    .option('--confirm', 'run the load that offered most again, with the configuration, and compare')
    .option('--confirm-out <dir>', 'folder for the files of that run', d.confirmOut)
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (paths: string[], flags: TuneFlags) =>
      exit(await run(paths, flags, terminal, again(flags))),
    );
}

/** Runs the load of a report with the configuration that has just been written. */
function againHere({ out, confirmOut }: TuneFlags, terminal: Terminal): RunAgain {
  return async (_config, like: LoadReport) => {
    const { loadAgain } = await import('../load/load-again.ts');
    // The load's own paths are relative to where it ran.
    const [config, outDir] = [out, confirmOut].map((path) => resolve(terminal.cwd, path)) as [string, string];
    const { report } = await runLoadHere({ ...loadAgain(like), config, outDir }, terminal);
    return report;
  };
}

async function run(
  paths: readonly string[],
  { sloP99, headroom, maxThreads, seed, out, confirm: confirms, json }: TuneFlags,
  terminal: Terminal,
  again: RunAgain,
): Promise<number> {
  const [{ readReport }, { tune }, text, { writeWhole }, { confirm }] = await Promise.all([
    import('../report/read-report.ts'),
    import('../tune/tune.ts'),
    import('../tune/config-text.ts'),
    import('../report/whole-file.ts'),
    import('../tune/confirm.ts'),
  ]);
  const reports: NamedReport[] = [];
  for (const path of paths) {
    reports.push({ name: path, report: await readReport(resolve(terminal.cwd, path)) });
  }
  const result = tune(reports, {
    ...{ sloP99Ms: sloP99, headroom, seed, spillway: packageVersion() },
    ...(maxThreads !== undefined && { maxThreads }),
  });
  if (result.status === 'refused') {
    if (json) await print(terminal.stdout, `${JSON.stringify(result, null, 2)}\n`);
    else await print(terminal.stderr, text.refusalText(result.refusals));
    return EXIT.failed;
  }
  const { config } = result;
  const target = resolve(terminal.cwd, out);
  await writeWhole(target, `${JSON.stringify(config, null, 2)}\n`, terminal.process.pid);
  if (!json) await print(terminal.stdout, text.configText(config, relative(terminal.cwd, target) || target));
  let confirmation: Confirmation | undefined;
  if (confirms) {
    const like = reports.find(({ name }) => name === config.reports[0])!.report;
    confirmation = await confirm(config, like, again);
    if (!json) await print(terminal.stdout, `\n${text.confirmationText(confirmation)}`);
  }
  if (json) {
    const told = { ...result, ...(confirmation && { confirmation }) };
    await print(terminal.stdout, `${JSON.stringify(told, null, 2)}\n`);
  }
  return confirmation === undefined || confirmation.isMet ? EXIT.ok : EXIT.failed;
}
