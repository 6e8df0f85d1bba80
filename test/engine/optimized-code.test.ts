import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { builtPackage } from '../staged-package.ts';
import { succeed } from '../subprocess.ts';

const SCRIPT = fileURLToPath(new URL('../fixtures/optimized-code.mjs', import.meta.url));
/** What V8 says when it throws away optimized code because a hidden class is gone. */
const THROWN_AWAY = /marking dependent code.*SharedFunctionInfo (\S+?)>.*weak objects/g;
/** Names of what every task goes through, and every item of a map. */
const HOT = {
  tasks: ['run', 'enqueue', 'push', 'pop', 'attempt', 'completed', 'complete', 'settle', 'move'],
  map: [
    'MapItem',
    '#begin',
    '#beginMore',
    '#ended',
    '#submit',
    '#take',
    'ended',
    'send',
    'submit',
    'tellListener',
  ],
};

it.each(['tasks', 'map'] as const)(
  'of %s outlives a full garbage collection that finds none alive, in the package as built',
  { timeout: 180_000 },
  async (what) => {
    const folder = await builtPackage();
    const entry = pathToFileURL(join(folder, 'dist/src/index.js')).href;
    const flags = ['--expose-gc', '--trace-opt', '--trace-deopt-verbose'];
    const output = await succeed(process.execPath, [...flags, SCRIPT, entry, what], folder);
    // There is something to lose, and V8 still says it in these words.
    expect(output.split('collecting')[0]).toMatch(
      /completed optimizing.*JSFunction (run|enqueue|completed|attempt|#beginMore|#ended) /,
    );
    const during = output.split('collecting')[1]!.split('collected')[0]!;
    const lost = [...during.matchAll(THROWN_AWAY)].map(([, name]) => name!);
    expect(lost.filter((name) => HOT[what].includes(name))).toEqual([]);
  },
);
