import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { moduleTarget } from '../../src/load/module-target.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-module-'));
});
afterAll(() => rm(folder, { recursive: true }));

let count = 0;
/** A module of its own name each time, as Node.js keeps what it has imported. */
async function open(text: string) {
  const name = `load-${count++}.mjs`;
  await writeFile(join(folder, name), text);
  return moduleTarget(name, folder);
}

const AGENTS = "[{ lane: 'loop', name: 'a', options: { run: async (n) => n } }]";
const random = () => 0.5;

test('agents and next may be exports, or those of the default export', async () => {
  const named = await open(`export const agents = ${AGENTS};
    export const next = (index, random) => ({ agent: 'a', input: index + random(), priority: 'high' });`);
  expect(named.agents.map(({ name }) => name)).toEqual(['a']);
  expect(named.next(4, random)).toEqual({ agent: 'a', input: 4.5, priority: 'high' });
  const whole = await open(`export default { agents: ${AGENTS}, first: 7,
    next(index) { return { agent: 'a', input: this.first + index }; } };`);
  expect(whole.next(1, random)).toEqual({ agent: 'a', input: 8 });
});

test('it is told when the run is over', async () => {
  const target =
    await open(`export const agents = ${AGENTS}; export const next = () => ({ agent: 'a', input: 0 });
    export const close = () => { globalThis.loadModuleClosed = true; };`);
  await target.close();
  expect(Reflect.get(globalThis, 'loadModuleClosed')).toBe(true);
});

test.each([
  ['nothing', '', /expected exports `agents`.*agents is undefined/],
  ['an empty list', 'export const agents = []; export const next = () => {};', /agents is \[\]/],
  ['no next', `export const agents = ${AGENTS};`, /expected exports.*next is undefined/],
  [
    'what is no agent',
    "export const agents = [{ name: 'a' }]; export const next = () => {};",
    /agents\[0\].*expected/,
  ],
  ['an error', "throw new Error('no database');", /cannot load the module: no database/],
  ['no JavaScript', 'export const = 5;', /cannot load the module: .*Unexpected token/s],
  [
    'a close that is none',
    `export const agents = ${AGENTS}; export const next = () => {}; export const close = 5;`,
    /expected `close` to be a function, got 5/,
  ],
])('a module that exports %s is refused', async (_what, text, message) => {
  const opened = open(text);
  await expect(opened).rejects.toThrow(message);
  await expect(opened).rejects.toMatchObject({ code: expect.stringMatching(/OPTION/) });
});

test('a module that is not there is refused', async () => {
  await expect(moduleTarget('./none.mjs', folder)).rejects.toThrow(
    /^\.\/none\.mjs: cannot load the module: Cannot find module/,
  );
});

test.each([
  ['5', /expected next\(\) to return \{ agent, input, priority\? \}, agent one of a, got 5/],
  ["{ agent: 'b', input: 1 }", /agent one of a, got \{ agent: 'b'/],
  ["{ agent: 'a', input: 1, priority: 5 }", /expected a priority of high, normal, low, got 5/],
])('a task that is none is refused: %s', async (task, message) => {
  const target = await open(`export const agents = ${AGENTS}; export const next = () => (${task});`);
  expect(() => target.next(0, random)).toThrow(message);
});
