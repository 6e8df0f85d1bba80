import { Command, Option } from 'commander';
import { SpillwayError } from '../contract/errors.ts';
import type { WrittenDigest } from '../digest/finish-digest.ts';
import { DIGEST_DEFAULTS } from '../digest/options.ts';
import type { DigestProgress } from '../digest/progress.ts';
import { renderReport } from '../digest/report.ts';
import { runDigest } from '../digest/run-digest.ts';
import { bytesText, plural } from '../report/number-text.ts';
import { httpUrl, wholeNumber } from './option-values.ts';
import { printFatal, printJson, printOut } from './print-out.ts';
import { type ProgressPicture, showProgress } from './progress-display.ts';
import { withStopSignal } from './stop-signal.ts';
import { EXIT, type Terminal } from './terminal.ts';

interface DigestFlags {
  readonly model?: string;
  readonly baseUrl?: string;
  readonly concurrency: number;
  readonly threads: number;
  readonly chunkBytes: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly out: string;
  readonly sequential?: true;
  readonly verify?: true;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  spillway digest                              the documentation in node_modules, with the bundled model
  spillway digest logs "docs/**/*.md"          a folder and a glob
  spillway digest logs --verify                check the threads' work in one thread
  spillway digest --sequential                 one thread, one call at a time, for comparison
  OPENAI_BASE_URL=https://api.openai.com/v1 OPENAI_API_KEY=... spillway digest docs --model NAME

Exit codes: 0 success or partial, 1 failed or different (--verify), 2 no input, no endpoint, no output or wrong
usage, 130 stopped by Ctrl-C.`;

/** The command `spillway digest [paths...]`. */
export function digestCommand(terminal: Terminal, exit: (code: number) => void): Command {
  const d = DIGEST_DEFAULTS;
  return new Command('digest')
    .description('Summarizes files with a model, finds near-duplicates and top terms.')
    .argument('[paths...]', 'files, folders and globs (default: the documentation in node_modules)')
    .option('--model <name>', 'model to ask (default: the bundled one)')
    .addOption(
      new Option('--base-url <url>', 'OpenAI-compatible endpoint (default: a bundled one is started)')
        .env('OPENAI_BASE_URL')
        .argParser(httpUrl),
    )
    .option('--concurrency <n>', 'model calls in flight at once', wholeNumber(1, 10_000), d.concurrency)
    .option('--threads <n>', 'worker threads', wholeNumber(1, 1_024), d.threads)
    .option('--chunk-bytes <n>', 'largest chunk, in bytes', wholeNumber(1_024, 1_048_576), d.chunkBytes)
    .option(
      '--timeout-ms <n>',
      'longest model call, in milliseconds',
      wholeNumber(1, 86_400_000),
      d.timeoutMs,
    )
    .option('--retries <n>', 'how often a failed call is made again', wholeNumber(0, 100), d.retries)
    .option('--out <dir>', 'folder for result.json and latency.hlog', d.outDir)
    .addOption(
      new Option('--sequential', 'one thread, one model call at a time').conflicts([
        'threads',
        'concurrency',
      ]),
    )
    .option('--verify', "compute the threads' results again in one thread and compare them")
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (paths: string[], flags: DigestFlags) => exit(await digest(paths, flags, terminal)));
}

async function digest(paths: readonly string[], flags: DigestFlags, terminal: Terminal): Promise<number> {
  const { out, baseUrl, sequential, json, ...options } = flags;
  const progress = showProgress(terminal.stderr, terminal.clock, picture);
  let written: WrittenDigest;
  try {
    written = await withStopSignal(terminal.process, (signal) =>
      runDigest(
        {
          ...options,
          ...(sequential ? { threads: 1, concurrency: 1 } : {}),
          paths,
          cwd: terminal.cwd,
          outDir: out,
          ...(baseUrl ? { baseUrl } : {}),
          ...(terminal.env.OPENAI_API_KEY ? { apiKey: terminal.env.OPENAI_API_KEY } : {}),
        },
        {
          ...terminal,
          startedAt: new Date(terminal.wallNow()),
          processId: terminal.process.pid,
          signal,
          onProgress: progress.update,
        },
      ),
    );
  } catch (error) {
    progress.stop();
    if (json && error instanceof SpillwayError) await printFatal(terminal, error);
    throw error;
  }
  progress.stop();
  await printResult(written, terminal, json === true);
  const { status, metadata } = written.result;
  return status === 'failed' || metadata.verification?.status === 'different' ? EXIT.failed : EXIT.ok;
}

function picture(progress: DigestProgress): ProgressPicture {
  const { phase, bytes, totalBytes, chunks, errors, rateLimited } = progress;
  const notes = [plural(chunks, 'chunk')];
  if (errors > 0) notes.push(plural(errors, 'error'));
  if (rateLimited > 0) notes.push(`told to wait: ${rateLimited}`);
  const amount = `${bytesText(bytes)} of ${bytesText(totalBytes)}`;
  return { phase, done: bytes, total: totalBytes, amount, notes: notes.join(', ') };
}

async function printResult(written: WrittenDigest, terminal: Terminal, json: boolean): Promise<void> {
  if (json) await printJson(terminal, written.result);
  else await printOut(terminal, renderReport(written, terminal.cwd));
}
