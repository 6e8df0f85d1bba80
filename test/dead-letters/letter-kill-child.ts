/**
 * Makes dead letters until it is killed: `letter-kill-child.ts FOLDER ROUND`. Says in a file which failures its callers
 * have learned of, after they have.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { createEngine, ioAgent } from '../../src/index.ts';

const [folder = '', round = ''] = process.argv.slice(2);
const engine = await createEngine({
  agents: [
    ioAgent('fails', {
      limit: 4,
      run: async () => {
        throw new Error('always');
      },
    }),
  ],
  admission: { policy: 'none' },
  deadLetters: { on: 'failed', folder: join(folder, 'letters'), limit: 1_000_000 },
});
engine.on('listenerError', ({ error }) => process.stderr.write(`${String(error)}\n`));

let next = Number(round) * 1_000_000;
for (;;) {
  const id = next++;
  const { status } = await engine.submit('fails', { id, pad: 'x'.repeat(id % 300) }).outcome;
  if (status === 'failed') appendFileSync(join(folder, 'told'), `${id}\n`);
  process.stdout.write('.');
  if (id % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
}
