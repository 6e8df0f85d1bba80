import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ChildOptions {
  /** Arguments of `node` itself. */
  readonly execArgv?: readonly string[];
  /** Arguments of the script. */
  readonly args?: readonly string[];
  /** Exit codes that are no failure; default 0 alone. */
  readonly allowed?: readonly number[];
}

/**
 * Runs a script in a fresh `node` process and resolves with what it printed.
 * @throws Error with the end of its error output if it exits otherwise than allowed.
 */
export function runScript(script: URL, options: ChildOptions = {}): Promise<string> {
  const { execArgv = [], args = [], allowed = [0] } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...execArgv, fileURLToPath(script), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // The options of this process (a loader, say) are not the child's.
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    let output = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-4_000);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code !== null && allowed.includes(code)) resolve(output);
      else reject(new Error(`${fileURLToPath(script)} ended with ${code ?? signal}: ${complaint.trim()}`));
    });
  });
}

/** Runs a script whose last line of output is JSON, and resolves with that. */
export async function askScript(script: URL, options: ChildOptions = {}): Promise<unknown> {
  const output = await runScript(script, options);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '');
}
