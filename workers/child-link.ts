import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { resourceLimits } from 'node:worker_threads';
import type { FromChild, ToChild } from '../src/contract/child-wire.ts';

/** A child process, as the thread that owns it sees it. */
export class ChildLink {
  private readonly child: ChildProcess;
  readonly pid: number | undefined;
  /** Resolves when the process has ended, with how. */
  readonly end: Promise<string>;
  onMessage: (message: FromChild) => void = () => {};
  isDead = false;

  constructor() {
    const { path, execArgv } = childEntry();
    // Loaded late: threads without isolated handlers never pay for it.
    const { fork } = process.getBuiltinModule('node:child_process');
    this.child = fork(path, [], {
      serialization: 'advanced',
      execArgv: [...execArgv, ...memoryFlags()],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.pid = this.child.pid;
    this.child.on('message', (message) => this.onMessage(message as FromChild));
    this.end = new Promise((resolve) => {
      const ended = (how: string) => {
        this.isDead = true;
        resolve(how);
      };
      this.child.once('exit', (code, signal) => ended(signal ?? `exit code ${code}`));
      // It could not be started, or not be sent to; an end without an exit only follows from the first.
      this.child.on('error', (error) => {
        if (this.child.pid === undefined) ended(error.message);
      });
    });
  }

  /** @throws DataCloneError, or what a getter throws, if something in the message cannot be sent. */
  send(message: ToChild): void {
    // Its end is noticed by itself; a message that comes too late needs no second notice.
    if (this.child.connected) this.child.send(message, () => {});
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}

/** The child's module: bundled in the built package; TypeScript, by tsx, from source. */
function childEntry(): { readonly path: string; readonly execArgv: readonly string[] } {
  const built = fileURLToPath(new URL('./child.cjs', import.meta.url));
  if (existsSync(built)) return { path: built, execArgv: [] };
  const tsx = createRequire(import.meta.url).resolve('tsx');
  const source = fileURLToPath(new URL('./child.ts', import.meta.url));
  return { path: source, execArgv: ['--import', pathToFileURL(tsx).href] };
}

/** The memory limits of the thread hold for its children as well. */
function memoryFlags(): string[] {
  const { maxOldGenerationSizeMb } = resourceLimits;
  return maxOldGenerationSizeMb === undefined
    ? []
    : [`--max-old-space-size=${Math.floor(maxOldGenerationSizeMb)}`];
}
