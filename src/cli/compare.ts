import { resolve } from 'node:path';
import { Command } from 'commander';
import { EXIT, print, type Terminal } from './terminal.ts';

const EXAMPLES = `
Examples:
  spillway compare before/report.json after/report.json
  spillway compare before.json after.json --json | jq '.measures[] | select(.difference.verdict == "significant")'

A difference is significant if zero is not in its 95 % confidence interval. Latencies of one run depend on each other,
through the queue; the intervals allow for that.

Exit codes: 0 compared, 2 no report, another version, or wrong usage.`;

/** The command `spillway compare <a> <b>`. */
export function compareCommand(terminal: Terminal, exit: (code: number) => void): Command {
  return new Command('compare')
    .description(
      'Puts two load reports side by side, with their differences and whether those are more than noise.',
    )
    .argument('<a>', 'report.json of the first run')
    .argument('<b>', 'report.json of the second run')
    .option('--json', 'print the comparison as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (a: string, b: string, flags: { readonly json?: true }) =>
      exit(await compare([a, b], flags.json === true, terminal)),
    );
}

async function compare(paths: readonly [string, string], json: boolean, terminal: Terminal): Promise<number> {
  const [{ readReport }, { compareReports }, { comparisonText }] = await Promise.all([
    import('../report/read-report.ts'),
    import('../report/compare.ts'),
    import('../report/comparison-text.ts'),
  ]);
  const read = (path: string) => readReport(resolve(terminal.cwd, path));
  const comparison = compareReports(await read(paths[0]), await read(paths[1]));
  const text = json ? `${JSON.stringify(comparison, null, 2)}\n` : comparisonText(comparison, paths);
  await print(terminal.stdout, text);
  return EXIT.ok;
}
