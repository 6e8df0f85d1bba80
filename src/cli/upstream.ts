import { Command } from 'commander';
import { SpillwayError } from '../contract/errors.ts';
import { UPSTREAM_DEFAULTS, type UpstreamOptions } from '../upstream/options.ts';
import { serveUpstream, type UpstreamServer } from '../upstream/server.ts';
import { decimalNumber, wholeNumber } from './option-values.ts';
import { withStopSignal } from './stop-signal.ts';
import { EXIT, print, type Terminal } from './terminal.ts';

type UpstreamFlags = UpstreamOptions & { readonly json?: true };

const EXAMPLES = `
Examples:
  spillway upstream                            a free port on 127.0.0.1
  spillway upstream --port 8080 --knee 8       slows down past 8 concurrent calls
  OPENAI_BASE_URL=http://127.0.0.1:8080/v1 spillway digest docs --model ${UPSTREAM_DEFAULTS.model}`;

/** The command `spillway upstream`. */
export function upstreamCommand(terminal: Terminal, exit: (code: number) => void): Command {
  const d = UPSTREAM_DEFAULTS;
  return new Command('upstream')
    .description('Serves the bundled OpenAI-compatible model until it is stopped.')
    .option('--host <address>', 'address to listen on', d.host)
    .option('--port <n>', 'port to listen on; 0 takes a free one', wholeNumber(0, 65_535), d.port)
    .option('--model <name>', 'name of its model', d.model)
    .option('--seed <n>', 'seed of the jitter', wholeNumber(0, 4_294_967_295), d.seed)
    .option('--base-ms <n>', 'time of every call, in milliseconds', decimalNumber(0), d.baseMs)
    .option(
      '--prompt-token-ms <n>',
      'time to read a token, in milliseconds',
      decimalNumber(0),
      d.promptTokenMs,
    )
    .option(
      '--output-token-ms <n>',
      'time to write a token, in milliseconds',
      decimalNumber(0),
      d.outputTokenMs,
    )
    .option('--jitter-sigma <n>', 'sigma of the lognormal jitter', decimalNumber(0), d.jitterSigma)
    .option('--knee <n>', 'concurrent calls served at full speed', decimalNumber(0.001), d.knee)
    .option('--knee-exponent <n>', 'how hard it slows down past the knee', decimalNumber(0), d.kneeExponent)
    .option('--rate-per-second <n>', 'calls let in per second', decimalNumber(0.001), d.ratePerSecond)
    .option('--burst <n>', 'calls let in at once', wholeNumber(1, 1_000_000_000), d.burst)
    .option(
      '--max-output-tokens <n>',
      'longest answer, in tokens',
      wholeNumber(1, 1_000_000),
      d.maxOutputTokens,
    )
    .option(
      '--max-body-bytes <n>',
      'largest request, in bytes',
      wholeNumber(1, 1_073_741_824),
      d.maxBodyBytes,
    )
    .option('--json', 'print the address as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: UpstreamFlags) => exit(await serve(flags, terminal)));
}

async function serve({ json, ...options }: UpstreamFlags, terminal: Terminal): Promise<number> {
  return withStopSignal(terminal.process, async (signal) => {
    const server = await listen(options, terminal);
    try {
      const { baseUrl } = server;
      await print(terminal.stdout, json ? `${JSON.stringify({ baseUrl })}\n` : `listening on ${baseUrl}\n`);
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    } finally {
      await server.close();
    }
    // Being stopped is how a server ends.
    return EXIT.ok;
  });
}

async function listen(
  options: UpstreamOptions,
  { clock, wallNow, sleep }: Terminal,
): Promise<UpstreamServer> {
  try {
    return await serveUpstream(options, { now: () => clock.now(), wallNow, sleep });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof SpillwayError || code === undefined) throw error;
    const advice = code === 'EADDRINUSE' ? 'choose another --port' : 'choose another --host or --port';
    throw new SpillwayError('UPSTREAM_UNREACHABLE', `cannot listen: ${message}; ${advice}`, { cause: error });
  }
}
