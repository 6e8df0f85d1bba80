/**
 * Sheds until it is killed: `kill-child.ts FOLDER ROUND`. Says in files what it knows, before it goes on. In the round
 * `last` it sheds nothing, brings back all that is left, and ends.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { createEngine, fileOverflow, ioAgent, OverloadError } from '../../src/index.ts';

const [folder = '', round = ''] = process.argv.slice(2);
const say = (what: string, id: number) => appendFileSync(join(folder, what), `${id}\n`);
const isLast = round === 'last';
const PRIORITIES = ['low', 'normal', 'high'] as const;

const engine = await createEngine({
  agents: [
    ioAgent('work', {
      limit: isLast ? 1 : 4,
      run: async ({ id }: { id: number; pad: string }) => {
        await new Promise((resolve) => setImmediate(resolve));
        say(isLast ? 'ran-last' : 'ran', id);
      },
    }),
  ],
  admission: { policy: 'fixed', capacity: 10, threshold: 1 },
  overflow: fileOverflow({
    folder: join(folder, 'overflow'),
    maxBytes: 1024 * 1024,
    resumeLoad: 1,
    onOutcome: (_outcome, entry) => say('acknowledged', (entry.input as { id: number }).id),
  }),
});
engine.on('listenerError', ({ error }) => process.stderr.write(`${String(error)}\n`));

let next = Number(round) * 1_000_000;
function burst(): void {
  for (let i = 0; i < 40; i++) {
    const id = next++;
    say('submitted', id);
    engine
      .run('work', { id, pad: 'x'.repeat(id % 300) }, { priority: PRIORITIES[id % 3]! })
      .catch((error) => {
        if (error instanceof OverloadError) say(error.overflowed ? 'overflowed' : 'refused', id);
      });
  }
  process.stdout.write('40\n');
  setImmediate(burst);
}

if (!isLast) burst();
else {
  while (engine.stats().overflow!.waiting > 0) await new Promise((resolve) => setImmediate(resolve));
  await engine.close();
}
