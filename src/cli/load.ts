import { Command } from 'commander';
import type { LoadProgress } from '../load/surroundings.ts';
import { plural } from '../report/number-text.ts';
import { addLoadOptions, type LoadFlags, loadOptionsOf } from './load-flags.ts';
import { printJson, printOut } from './print-out.ts';
import { type ProgressPicture, showProgress } from './progress-display.ts';
import { withStopSignal } from './stop-signal.ts';
import { EXIT, type Terminal } from './terminal.ts';
import { packageVersion } from './version.ts';

const EXAMPLES = `
Examples:
  spillway load --rate 150 --slo-p99 250ms             CPU work on all cores, Poisson arrivals
  spillway load --load 3x --duration 1m                measures the capacity, then offers three times as much
  spillway load --target upstream --arrivals ramp --rate 20 --to 200
  spillway load --target ./my-load.mjs --priorities high=10,normal=30,low=60
  spillway load --target upstream --trace calls.csv --speed 20

A module has \`agents\`, made with ioAgent() and cpuAgent(), and \`next(index, random)\`, which gives
{ agent, input, priority? } for each arrival. A trace has the columns TIMESTAMP, ContextTokens, GeneratedTokens.

Exit codes: 0 measured, 1 measured but invalid, 2 wrong usage or input, or no output,
130 stopped by Ctrl-C.`;

/** The command `spillway load`. */
export function loadCommand(terminal: Terminal, exit: (code: number) => void): Command {
  return addLoadOptions(new Command('load'))
    .description('Offers a load to the engine, open-loop, and writes what came of it as reports.')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: LoadFlags) => exit(await load(flags, terminal)));
}

async function load(flags: LoadFlags, terminal: Terminal): Promise<number> {
  const [{ runLoad }, { processProbe }, { renderLoad }] = await Promise.all([
    import('../load/run-load.ts'),
    import('../load/process-probe.ts'),
    import('../load/summary-text.ts'),
  ]);
  const progress = showProgress(terminal.stderr, terminal.clock, picture);
  const written = await withStopSignal(terminal.process, (signal) =>
    runLoad(loadOptionsOf(flags, terminal.cwd), {
      clock: terminal.clock,
      wallNow: terminal.wallNow,
      processId: terminal.process.pid,
      version: packageVersion(),
      openProbe: processProbe,
      signal,
      onProgress: progress.update,
    }),
  ).finally(progress.stop);
  if (flags.json) await printJson(terminal, written.report);
  else await printOut(terminal, renderLoad(written, terminal.cwd));
  return written.report.validity.valid ? EXIT.ok : EXIT.failed;
}

function picture(progress: LoadProgress): ProgressPicture {
  const { phase, elapsedMs, totalMs, offered, completed, rejected, failed, open, p99Ms } = progress;
  const notes = [`${open} open`];
  if (rejected > 0) notes.push(`${rejected} shed`);
  if (failed > 0) notes.push(`${failed} failed`);
  if (p99Ms > 0) notes.push(`p99 ${p99Ms.toFixed(0)} ms`);
  return {
    phase,
    done: Math.min(elapsedMs, totalMs),
    total: totalMs,
    amount:
      phase === 'warm-up' ? 'nothing is counted yet' : `${completed} of ${plural(offered, 'task')} done`,
    notes: notes.join(', '),
  };
}
