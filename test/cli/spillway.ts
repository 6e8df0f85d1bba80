import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { builtPackage } from '../staged-package.ts';

let main: Promise<string> | undefined;

function entry(): Promise<string> {
  main ??= builtPackage().then((folder) => join(folder, 'dist/src/cli/main.js'));
  return main;
}

export interface CliRun {
  /** `null` if a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The lines on stderr, without those that say how far the run is. */
export function messages({ stderr }: Pick<CliRun, 'stderr'>): string[] {
  return stderr.split('\n').filter((line) => line !== '' && !/^(digest|verify): \d+%/.test(line));
}

export interface CliOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Replaces standard output by a file descriptor. */
  readonly stdout?: number;
  /** A user to run as. */
  readonly uid?: number;
  /** The program to run it with, instead of this Node.js. */
  readonly node?: string;
  /** Puts it into a process group of its own, as a terminal does. */
  readonly group?: boolean;
  readonly onStart?: (child: ChildProcess) => void;
}

/** Runs the built command line in a process of its own, without the caller's provider settings. */
export async function spillway(args: readonly string[], options: CliOptions): Promise<CliRun> {
  const { OPENAI_BASE_URL: _base, OPENAI_API_KEY: _key, ...env } = process.env;
  return run([options.node ?? process.execPath, await entry(), ...args], {
    ...options,
    env: { ...env, ...options.env } as Record<string, string>,
  });
}

/** The same command line below a shell that has been told something first. */
export async function spillwayAfter(
  shell: string,
  args: readonly string[],
  options: CliOptions,
): Promise<CliRun> {
  const command = [process.execPath, await entry(), ...args];
  return run(['/bin/sh', '-c', `${shell}; exec "$@"`, 'sh', ...command], {
    ...options,
    env: { ...process.env, ...options.env } as Record<string, string>,
  });
}

function run([command, ...args]: readonly string[], options: CliOptions): Promise<CliRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(command!, args, {
      cwd: options.cwd,
      env: { ...options.env },
      stdio: ['ignore', options.stdout ?? 'pipe', 'pipe'],
      detached: options.group ?? false,
      ...(options.uid === undefined ? {} : { uid: options.uid }),
    });
    options.onStart?.(child);
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (data) => {
      stdout += data;
    });
    child.stderr?.on('data', (data) => {
      stderr += data;
    });
    child.on('error', reject);
    // Not `exit`: the pipes stay open as long as anything that the process started is alive.
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
