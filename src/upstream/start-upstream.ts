import { type ChildProcess, fork } from 'node:child_process';
import { entryModule, flagsToRun } from '../contract/entry-module.ts';
import { type UpstreamOptions, upstreamOptions } from './options.ts';

/** The bundled upstream, running in a process of its own. */
export interface UpstreamProcess {
  /** What a client is given as its base URL. */
  readonly baseUrl: string;
  readonly pid: number;
  /** Ends the process; resolves when it is gone. Every call returns the same promise. */
  close(): Promise<void>;
}

/**
 * Starts the bundled upstream as a separate process on a free loopback port. It ends with `close()` or with this
 * process, whichever comes first, even if this process is killed.
 * @throws ConfigError on a wrong option; Error if the process cannot start or listen.
 */
export async function startUpstream(options: UpstreamOptions = {}): Promise<UpstreamProcess> {
  const checked = upstreamOptions(options);
  const module = entryModule('../../src/upstream/main.ts', import.meta.url);
  const child = fork(module, [JSON.stringify(checked)], {
    execArgv: flagsToRun(module),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'json',
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const baseUrl = await firstMessage(child);
  let closing: Promise<void> | undefined;
  return {
    baseUrl,
    pid: child.pid!,
    close() {
      closing ??= stop(child, exited);
      return closing;
    },
  };
}

function firstMessage(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      child.kill('SIGKILL');
      reject(new Error(`the bundled upstream did not start: ${why}`));
    };
    const failed = (code: number | null, signal: string | null) =>
      fail(`it exited with ${signal ?? `code ${code}`}`);
    child.on('error', (error) => fail(error.message));
    child.once('exit', failed);
    child.once('message', (message: { baseUrl?: string; error?: string }) => {
      child.off('exit', failed);
      if (message.baseUrl === undefined) fail(message.error ?? 'it sent no address');
      else resolve(message.baseUrl);
    });
  });
}

async function stop(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  // Nothing in it is worth saving, and a process that is stopped or stuck must end as well.
  child.kill('SIGKILL');
  await exited;
}
