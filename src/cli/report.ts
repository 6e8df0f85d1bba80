import { dirname, join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { EXIT, print, type Terminal } from './terminal.ts';

interface ReportFlags {
  readonly out?: string;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  spillway report spillway-load/report.json             writes report.html beside it
  spillway report old.json --out /tmp/old.html          writes it where you say

Exit codes: 0 written, 2 no report, another version, or a place that cannot be written.`;

/** The command `spillway report <report.json>`. */
export function reportCommand(terminal: Terminal, exit: (code: number) => void): Command {
  return new Command('report')
    .description('Draws a load report as one HTML page that opens from disk, without network.')
    .argument('<report>', 'report.json of a load run')
    .option('--out <file>', 'where to write the page (default: report.html beside the report)')
    .option('--json', 'print the path as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, flags: ReportFlags) => exit(await draw(path, flags, terminal)));
}

async function draw(path: string, { out, json }: ReportFlags, terminal: Terminal): Promise<number> {
  const [{ readReport }, { reportHtml }, { writeWhole }] = await Promise.all([
    import('../report/read-report.ts'),
    import('../report/html.ts'),
    import('../report/whole-file.ts'),
  ]);
  const source = resolve(terminal.cwd, path);
  const target = out === undefined ? join(dirname(source), 'report.html') : resolve(terminal.cwd, out);
  await writeWhole(target, reportHtml(await readReport(source)), terminal.process.pid);
  const shown = relative(terminal.cwd, target) || target;
  await print(terminal.stdout, json ? `${JSON.stringify({ html: target })}\n` : `${shown}\n`);
  return EXIT.ok;
}
