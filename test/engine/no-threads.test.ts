import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { builtPackage } from '../staged-package.ts';
import { succeed } from '../subprocess.ts';

const at = (path: string) => fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url));

/** What the script says in a process where only the first `spared` threads live. */
async function saidWith(spared: number): Promise<string[]> {
  const folder = await builtPackage();
  const entry = pathToFileURL(join(folder, 'dist/src/index.js')).href;
  const args = ['--require', at('no-threads.cjs'), at('no-threads.mjs'), entry];
  const said = await succeed(process.execPath, args, folder, { SPARED_THREADS: String(spared) });
  return said.trim().split('\n');
}

describe('no thread can start', { timeout: 180_000 }, () => {
  it('from the beginning: createEngine says so', async () => {
    expect(await saidWith(0)).toEqual(['Error worker threads cannot be started <- no threads here']);
  });

  it('any more: what waits fails, and so does what comes', async () => {
    expect(await saidWith(1)).toEqual([
      'failed WORKER_LOST',
      'failed AGENT_FAILED',
      'failed AGENT_FAILED',
      'AGENT_FAILED agent "survive" is switched off: worker threads cannot be started',
    ]);
  });
});

describe('threads that die between taking a slot of the load table and their first word', {
  timeout: 180_000,
}, () => {
  it('leave the slot to those that replace them', async () => {
    const folder = await builtPackage();
    const entry = pathToFileURL(join(folder, 'dist/src/index.js')).href;
    const args = ['--require', at('doomed-threads.cjs'), at('doomed-threads.mjs'), entry];
    const said = await succeed(process.execPath, args, folder);
    expect(said.trim().split('\n')).toEqual(['6 ended, 6 take work, 6 have a slot', 'and work is done']);
  });
});
