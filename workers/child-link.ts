import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { deserialize, serialize } from 'node:v8';
import { type MessagePort, resourceLimits } from 'node:worker_threads';
import type { FromChild, FromNursery, ToChild, ToNursery } from '../src/contract/child-wire.ts';

/** A child process, as the thread sees it that it runs a handler for. It belongs to the nursery, which passes on what is said. */
export class ChildLink {
  private readonly nursery: MessagePort;
  private readonly onMessage: (message: FromChild) => void;
  private onEnd!: (how: string) => void;
  /** Resolves when the process has ended, with how. */
  readonly end: Promise<string>;

  constructor(nursery: MessagePort, onMessage: (message: FromChild) => void) {
    this.nursery = nursery;
    this.onMessage = onMessage;
    this.end = new Promise((resolve) => {
      this.onEnd = resolve;
    });
    const { path, execArgv } = childEntry();
    this.post({ kind: 'start', path, execArgv: [...execArgv, ...memoryFlags()] });
  }

  /** Takes what the nursery says. */
  hear(message: FromNursery): void {
    if (message.kind === 'ended') this.onEnd(message.how);
    else this.onMessage(deserialize(message.bytes) as FromChild);
  }

  /** @throws DataCloneError, or what a getter throws, if something in the message cannot be sent. */
  send(message: ToChild): void {
    this.post({ kind: 'tell', bytes: serialize(message) });
  }

  kill(): void {
    this.post({ kind: 'kill' });
  }

  private post(message: ToNursery): void {
    this.nursery.postMessage(message, message.kind === 'tell' ? [message.bytes.buffer as ArrayBuffer] : []);
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
