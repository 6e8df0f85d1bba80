import { PassThrough } from 'node:stream';
import { runCli } from '../../src/cli/run-cli.ts';
import { systemClock } from '../../src/contract/clock.ts';
import type { CliRun } from './spillway.ts';

/** Runs the command line in this process, which is enough for what ends before threads are started. */
export async function runHere(
  args: readonly string[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<CliRun> {
  const stdout = new PassThrough({ encoding: 'utf8' });
  const stderr = new PassThrough({ encoding: 'utf8' });
  // The library that parses the arguments reads the environment by itself.
  const before = process.env.OPENAI_BASE_URL;
  setOrDelete('OPENAI_BASE_URL', env.OPENAI_BASE_URL);
  try {
    const code = await runCli(args, {
      cwd,
      env,
      stdout: stdout as unknown as NodeJS.WriteStream,
      stderr: stderr as unknown as NodeJS.WriteStream,
      process,
      clock: systemClock,
      random: Math.random,
      wallNow: Date.now,
      sleep: async () => {},
    });
    return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
  } finally {
    setOrDelete('OPENAI_BASE_URL', before);
  }
}

function setOrDelete(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
