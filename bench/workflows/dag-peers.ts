import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Dag } from './dags.ts';

export const LANGGRAPH = 'LangGraph.js';
export const BULLMQ = 'BullMQ flows';

/** A graph of no-op steps, defined and ready to run. */
export interface OpenDag {
  /** Runs it once; resolves with how many steps have run. */
  run(): Promise<number>;
  close(): Promise<void>;
}

/** They and what they stand on take 80 MB that nothing else needs, so they have a package of their own. */
const FOLDER = new URL('peers/', import.meta.url);
const INSTALL = 'npm ci --prefix bench/workflows/peers';

/** Whether the peers are installed. */
export function arePeersInstalled(): boolean {
  return existsSync(new URL('node_modules/', FOLDER));
}

/** Installs the peers, if they are not there. Without them they are left out of the comparison. */
export function ensurePeers(say: (text: string) => void): void {
  if (arePeersInstalled()) return;
  say(`the peers of workflows are not installed: running ${INSTALL}`);
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: fileURLToPath(FOLDER),
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0) say(`npm ended with ${status}: going on without the peers`);
}

/** @throws Error if it is not installed, or has no Redis: what it says is printed beside the figures */
export async function openPeer(name: string, dag: Dag): Promise<OpenDag> {
  if (!arePeersInstalled()) throw new Error(`skipped: not installed, run ${INSTALL}`);
  if (name === LANGGRAPH) {
    const { openLangGraph } = await import('./peers/langgraph.js');
    return openLangGraph(dag);
  }
  const { startRedis } = await import('./redis.ts');
  const redis = await startRedis();
  try {
    const { openFlows } = await import('./peers/bullmq.js');
    const flows = await openFlows(dag, redis.port);
    return {
      run: flows.run,
      async close() {
        await flows.close();
        await redis.stop();
      },
    };
  } catch (error) {
    await redis.stop();
    throw error;
  }
}
