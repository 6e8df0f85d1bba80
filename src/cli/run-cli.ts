import { Command, CommanderError } from 'commander';
import { SpillwayError } from '../contract/errors.ts';
import { compareCommand } from './compare.ts';
import { deadLettersCommand } from './dead-letters.ts';
import { digestCommand } from './digest.ts';
import { loadCommand } from './load.ts';
import { reportCommand } from './report.ts';
import { runCommand } from './run-workflow.ts';
import { StoppedError } from './stop-signal.ts';
import { EXIT, print, type Terminal } from './terminal.ts';
import { tuneCommand } from './tune.ts';
import { upstreamCommand } from './upstream.ts';
import { packageVersion } from './version.ts';

const COMMANDS = [
  digestCommand,
  runCommand,
  loadCommand,
  reportCommand,
  tuneCommand,
  compareCommand,
  deadLettersCommand,
  upstreamCommand,
] as const;

/**
 * Runs one command line and returns the exit code: 0 done (of `digest` also if only in part), 1 failed, 2 could
 * not start or write, wrong usage included, 3 a workflow's partial success, 4 a workflow that waits for a person, 130 and
 * 143 stopped by a signal.
 */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = new Command('spillway')
    .description('Runs thousands of agent tasks at once in one Node.js process.')
    .version(packageVersion(), '-V, --version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    });
  for (const command of COMMANDS) {
    const added = command(terminal, (code) => {
      exitCode = code;
    }).copyInheritedSettings(program);
    for (const sub of added.commands) sub.copyInheritedSettings(added);
    program.addCommand(added);
  }
  // A reader that leaves early (`| head`) is no error of ours; what could not be written is reported by print().
  terminal.stdout.on('error', () => {});
  terminal.stderr.on('error', () => {});
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    return explain(error, terminal);
  }
}

/** One line about the error on stderr; a stack only for what nobody expected. */
async function explain(error: unknown, terminal: Terminal): Promise<number> {
  // If not even stderr takes the line, the exit code still tells.
  const tell = (text: string) => print(terminal.stderr, `spillway: ${text}\n`).catch(() => {});
  // Commander has written its own line.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.cannot;
  if (error instanceof StoppedError) {
    await tell(`${error.message}; no result was written`);
    return error.exitCode;
  }
  if (error instanceof SpillwayError) {
    await tell(error.message);
    return EXIT.cannot;
  }
  await tell(`unexpected error\n${error instanceof Error ? error.stack : String(error)}`);
  return EXIT.failed;
}
