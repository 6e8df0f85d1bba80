import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../', import.meta.url);

/** The public interface of the package, whichever way it is loaded. */
export type Spillway = typeof import('../src/index.ts');

/** Admission policies that can be measured beside peers, which shed nothing. */
export const POLICIES = ['none', 'adaptive'] as const;
export type Policy = (typeof POLICIES)[number];

/** The Spillway that is measured, as every contender needs it; plain data. */
export interface Entry {
  /** File URL of the public entry. */
  readonly entry: string;
  /** What a fresh `node` needs in front of a script that imports the entry. */
  readonly execArgv: readonly string[];
  readonly policy: Policy;
}

/** The built package as users get it, or the source under test. */
export interface Subject extends Entry {
  /** File URL of a module inside the package, named without extension: `src/load-table/writer`. */
  module(path: string): string;
}

/** The built package, found the way users find it: by its name. */
export function builtSubject(policy: Policy): Subject {
  return {
    policy,
    entry: import.meta.resolve('spillway'),
    execArgv: [],
    module: (path) => new URL(`dist/${path}.js`, ROOT).href,
  };
}

/** The source, for tests that run before any build. */
export function sourceSubject(): Subject {
  return {
    policy: 'none',
    entry: new URL('src/index.ts', ROOT).href,
    execArgv: ['--import', 'tsx'],
    module: (path) => new URL(`${path}.ts`, ROOT).href,
  };
}

export async function loadSpillway(subject: Entry): Promise<Spillway> {
  return (await import(subject.entry)) as Spillway;
}

/**
 * Builds the package if a source file is newer than the built one.
 * @throws Error if the build fails; what it printed is on the terminal.
 */
export function ensureFreshBuild(say: (text: string) => void): void {
  const builtAtMs = newestMs(new URL('dist/', ROOT), '.js');
  const changedAtMs = Math.max(
    newestMs(new URL('src/', ROOT), '.ts'),
    newestMs(new URL('workers/', ROOT), '.ts'),
  );
  if (builtAtMs >= changedAtMs) return;
  say('dist is older than the source: running npm run build');
  const { status } = spawnSync('npm', ['run', 'build'], {
    cwd: fileURLToPath(ROOT),
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0)
    throw new Error(`npm run build failed (exit code ${status}); mend it, or pass --no-build`);
}

/** When the newest file of that kind below `folder` was written; 0 if there is none. */
function newestMs(folder: URL, extension: string): number {
  let newest = 0;
  for (const entry of readEntries(folder)) {
    if (!entry.isFile() || !entry.name.endsWith(extension)) continue;
    newest = Math.max(newest, statSync(`${entry.parentPath}/${entry.name}`).mtimeMs);
  }
  return newest;
}

function readEntries(folder: URL) {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
