import { execFile } from 'node:child_process';

/** How a process ended. */
export interface Ended {
  /** The signal's name if one ended it. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Longest that any of them may take, in milliseconds. */
const TIMEOUT_MS = 180_000;

/** Runs a program to its end, with the environment that a user's shell would give it, and `more`. */
export function run(
  program: string,
  args: readonly string[],
  cwd: string,
  more: Record<string, string> = {},
): Promise<Ended> {
  const options = {
    cwd,
    env: { ...userEnvironment(), ...more },
    timeout: TIMEOUT_MS,
    maxBuffer: 16 * 1024 * 1024,
  };
  return new Promise((resolve) => {
    execFile(program, args, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? error.signal ?? 'unknown'), stdout, stderr });
    });
  });
}

/** Runs a program that has to succeed, and gives what it printed. @throws Error with all that it said otherwise. */
export async function succeed(
  program: string,
  args: readonly string[],
  cwd: string,
  more?: Record<string, string>,
): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, cwd, more);
  if (code === 0) return stdout;
  throw new Error(`${[program, ...args].join(' ')}: exit code ${code}\n${stdout}\n${stderr}`);
}

/** Without what the test runner, and npm for the script that it runs, have put there for themselves. */
function userEnvironment(): NodeJS.ProcessEnv {
  const own = /^(VITEST|NODE_ENV$|NODE_OPTIONS$|NODE_V8_COVERAGE$|TEST$|npm_(lifecycle|package)_)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
}
