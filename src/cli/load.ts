import { Command } from 'commander';
import type { LoadOptions } from '../load/options.ts';
import { addLoadOptions, type LoadFlags, loadOptionsOf } from './load-flags.ts';
import { printJson, printOut } from './print-out.ts';
import { runLoadHere } from './run-load-here.ts';
import { EXIT, type Terminal } from './terminal.ts';

const EXAMPLES = `
Examples:
  spillway load --rate 150 --slo-p99 250ms             CPU work on all cores, Poisson arrivals
  spillway load --load 3x --duration 1m                measures the capacity, then offers three times as much
  spillway load --target upstream --arrivals ramp --rate 20 --to 200
  spillway load --target ./my-load.mjs --priorities high=10,normal=30,low=60
  spillway load --target upstream --trace calls.csv --speed 20
  spillway load --config spillway.config.json --rate 150   the engine as spillway tune computed it

A module has \`agents\`, made with ioAgent() and cpuAgent(), and \`next(index, random)\`, which gives
{ agent, input, priority? } for each arrival. A trace has the columns TIMESTAMP, ContextTokens, GeneratedTokens.

Exit codes: 0 measured, 1 measured but invalid, 2 wrong usage or input, or no output,
130 stopped by Ctrl-C.`;

/** The command `spillway load`. */
export function loadCommand(terminal: Terminal, exit: (code: number) => void): Command {
  return addLoadOptions(new Command('load'))
    .description('Offers a load to the engine, open-loop, and writes what came of it as reports.')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: LoadFlags, command: Command) => {
      const isGiven = (flag: keyof LoadFlags) => command.getOptionValueSource(flag) === 'cli';
      exit(await load(loadOptionsOf(flags, terminal.cwd, isGiven), flags, terminal));
    });
}

async function load(options: LoadOptions, { json }: LoadFlags, terminal: Terminal): Promise<number> {
  const written = await runLoadHere(options, terminal);
  if (json) await printJson(terminal, written.report);
  else {
    const { renderLoad } = await import('../load/summary-text.ts');
    await printOut(terminal, renderLoad(written, terminal.cwd));
  }
  return written.report.validity.valid ? EXIT.ok : EXIT.failed;
}
