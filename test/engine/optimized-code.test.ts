import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { builtPackage } from '../staged-package.ts';
import { succeed } from '../subprocess.ts';

const SCRIPT = fileURLToPath(new URL('../fixtures/optimized-code.mjs', import.meta.url));
/** What V8 says when it throws away optimized code because a hidden class is gone. */
const THROWN_AWAY = /marking dependent code.*SharedFunctionInfo (\S+?)>.*weak objects/g;
/** Names of what every task goes through. */
const HOT = ['run', 'enqueue', 'push', 'pop', 'attempt', 'completed', 'complete', 'settle', 'move'];

it('outlives a full garbage collection that finds no task alive, in the package as built', {
  timeout: 180_000,
}, async () => {
  const folder = await builtPackage();
  const entry = pathToFileURL(join(folder, 'dist/src/index.js')).href;
  const flags = ['--expose-gc', '--trace-opt', '--trace-deopt-verbose'];
  const output = await succeed(process.execPath, [...flags, SCRIPT, entry], folder);
  // There is something to lose, and V8 still says it in these words.
  expect(output.split('collecting')[0]).toMatch(
    /completed optimizing.*JSFunction (run|enqueue|completed|attempt) /,
  );
  const during = output.split('collecting')[1]!.split('collected')[0]!;
  const lost = [...during.matchAll(THROWN_AWAY)].map(([, name]) => name!);
  expect(lost.filter((name) => HOT.includes(name))).toEqual([]);
});
