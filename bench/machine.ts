import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);

/** Packages whose versions belong beside any figure of theirs. */
const MEASURED = [
  'spillway',
  'piscina',
  'tinypool',
  'workerpool',
  'poolifier',
  'p-queue',
  'p-limit',
  'fastq',
  'async',
  'bottleneck',
  'cockatiel',
  'tinybench',
  '@langchain/langgraph',
  'bullmq',
] as const;

/** Peers of workflows have a package of their own. */
const PEERS = fileURLToPath(new URL('workflows/peers/node_modules', import.meta.url));

/** What the figures were taken on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  /** Processes that wanted a core in the minute before; 0 on Windows, which does not say. */
  readonly loadBefore: number;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    system: `${platform()} ${release()} ${arch()}`,
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

/** Version of each package, `missing` if it is not installed. */
export function describeVersions(): Readonly<Record<string, string>> {
  return Object.fromEntries(MEASURED.map((name) => [name, versionOf(name)]));
}

/** Some packages do not export their package.json, so it is looked for above the entry file. */
function versionOf(name: string): string {
  for (const folder of name === 'spillway' ? [] : [...(require.resolve.paths(name) ?? []), PEERS]) {
    const found = readVersion(`${folder}/${name}/package.json`);
    if (found !== undefined) return found;
  }
  return readVersion('../package.json', name) ?? 'missing';
}

function readVersion(path: string, name?: string): string | undefined {
  try {
    const manifest = require(path) as { name: string; version: string };
    return name === undefined || manifest.name === name ? manifest.version : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
