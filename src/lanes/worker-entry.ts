import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** A module that starts a thread, by `require`, and what Node.js has to be told for it. */
export interface WorkerEntry {
  readonly path: string;
  readonly execArgv?: string[];
}

/** CommonJS in the built package, which loads fastest; TypeScript, by tsx, from source. */
export function workerEntry(name: 'thread' | 'nursery'): WorkerEntry {
  const built = fileURLToPath(new URL(`../../workers/${name}.cjs`, import.meta.url));
  if (existsSync(built)) return { path: built };
  const path = fileURLToPath(new URL(`../../workers/${name}.ts`, import.meta.url));
  return { path, execArgv: ['--require', createRequire(import.meta.url).resolve('tsx/cjs')] };
}
