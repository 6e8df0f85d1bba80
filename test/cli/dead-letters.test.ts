import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { createEngine, type DeadLetter, type Engine, ioAgent } from '../../src/index.ts';
import { temporaryFolder } from '../fixtures/folders.ts';
import { runHere } from './run-here.ts';

const MODULE = `
import { appendFileSync } from 'node:fs';
export const agents = ['parse', 'print'].map((name) => ({
  lane: 'loop',
  name,
  options: {
    run: async (input) => {
      if (input.bad) throw new Error('still bad');
      appendFileSync(process.env.SPILLWAY_TEST_RAN, name + ' ' + input.n + '\\n');
    },
  },
}));
`;

let cwd: string;
beforeEach(() => {
  cwd = temporaryFolder();
  writeFileSync(join(cwd, 'agents.mjs'), MODULE);
  process.env.SPILLWAY_TEST_RAN = join(cwd, 'ran');
});
afterAll(() => {
  delete process.env.SPILLWAY_TEST_RAN;
});

const cli = (...args: string[]) => runHere(['dead-letters', ...args], { cwd });

type Failing = [agent: string, input: unknown, tags?: string[]];

/** An engine that fails, with letters of it in the folder `letters`. */
async function failing(...tasks: readonly Failing[]): Promise<Engine> {
  const fail = () => {
    throw new Error('not today');
  };
  const engine = (await createEngine({
    agents: [ioAgent('parse', { run: fail }), ioAgent('print', { run: fail })],
    deadLetters: { on: 'failed', folder: join(cwd, 'letters') },
  })) as unknown as Engine;
  for (const [agent, input, tags = []] of tasks) {
    await engine.submit(agent, input, { tags, tenant: 'acme' }).outcome;
  }
  return engine;
}

async function left(...tasks: readonly Failing[]): Promise<readonly DeadLetter[]> {
  const engine = await failing(...tasks);
  const letters = engine.deadLetters.list();
  await engine.close();
  return letters;
}

describe('spillway dead-letters', () => {
  test('list shows a line each, newest first, also while an engine has the folder', async () => {
    const engine = await failing(['parse', { n: 1 }], ['print', { n: 2 }]);
    const [two, one] = engine.deadLetters.list();
    const run = await cli('list', 'letters');
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const lines = run.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^ {2}id +failed at +target +code +attempts +message$/);
    expect(lines[1]).toMatch(
      new RegExp(`^ {2}${two!.id} +\\d{4}-.*Z +print +HANDLER_FAILED +1 +agent "print": `),
    );
    expect(lines[2]).toContain(one!.id);
    engine.deadLetters.purge(two!.id);
    expect(JSON.parse((await cli('list', 'letters', '--json')).stdout)).toEqual([one]);
    await engine.close();
    expect(JSON.parse((await cli('list', 'letters', '--json')).stdout)).toEqual([one]);
  });

  test('list filters and bounds', async () => {
    const letters = await left(['parse', 1, ['a']], ['print', 2, ['a', 'b']], ['parse', 3]);
    const ids = async (...flags: string[]) =>
      (JSON.parse((await cli('list', 'letters', '--json', ...flags)).stdout) as DeadLetter[]).map(
        ({ id }) => id,
      );
    const [three, two, one] = letters.map(({ id }) => id);
    expect(await ids('--agent', 'parse')).toEqual([three, one]);
    expect(await ids('--tag', 'a')).toEqual([two, one]);
    expect(await ids('--tag', 'a', '--agent', 'parse')).toEqual([one]);
    expect(await ids('--tenant', 'nobody')).toEqual([]);
    expect(await ids('--limit', '1')).toEqual([three]);
    expect((await cli('list', 'letters', '--code', 'POISON')).stdout).toBe('no dead letters\n');
  });

  test('show tells all about one, with its input', async () => {
    const [map, plain] = await left(['parse', { n: 1, list: ['ü'] }], ['print', new Map([[1n, 2]])]);
    const { stdout } = await cli('show', 'letters', plain!.id);
    for (const text of ['not today', "{ n: 1, list: [ 'ü' ] }", 'attempt 1', 'tenant', plain!.suggestion]) {
      expect(stdout).toContain(text);
    }
    const json = async (id: string) => JSON.parse((await cli('show', 'letters', id, '--json')).stdout);
    expect(await json(plain!.id)).toEqual({ ...plain, input: { n: 1, list: ['ü'] } });
    expect(await json(map!.id)).toEqual({ ...map, inputText: 'Map(1) { 1n => 2 }' });
  });

  test('redrive runs them with the agents of a module, and those that complete are gone', async () => {
    const letters = await left(['parse', { n: 1 }], ['print', { n: 2, bad: true }], ['parse', { n: 3 }]);
    const run = await cli('redrive', 'letters', '--module', 'agents.mjs', '--all');
    expect(run).toMatchObject({ code: 1, stderr: '', stdout: '2 completed, 1 failed again, 0 skipped\n' });
    const rest = JSON.parse((await cli('list', 'letters', '--json')).stdout);
    expect(rest).toMatchObject([
      { id: letters[1]!.id, redrives: 1, message: expect.stringContaining('still bad') },
    ]);
  });

  test('redrive by id and by filter, with its result as JSON', async () => {
    const [three, , one] = await left(['parse', { n: 1 }], ['print', { n: 2 }], ['parse', { n: 3 }]);
    const first = await cli('redrive', 'letters', '--module', 'agents.mjs', '--json', one!.id, 'd-none');
    expect(JSON.parse(first.stdout)).toEqual({
      ...{ completed: 1, failed: 0, skipped: [{ id: 'd-none', why: 'there is no letter of that id' }] },
    });
    expect(first.code).toBe(1);
    const second = await cli('redrive', 'letters', '--module', 'agents.mjs', '--agent', 'print');
    expect(second).toMatchObject({ code: 0, stdout: '1 completed, 0 failed again, 0 skipped\n' });
    expect(JSON.parse((await cli('list', 'letters', '--json')).stdout)).toEqual([three]);
  });

  test('purge removes by id, by filter, or all', async () => {
    const [three] = await left(['parse', 1], ['print', 2], ['parse', 3]);
    expect((await cli('purge', 'letters', three!.id)).stdout).toBe('1 removed\n');
    expect((await cli('purge', 'letters', '--agent', 'print', '--json')).stdout).toBe(
      '{\n  "purged": 1\n}\n',
    );
    expect((await cli('purge', 'letters', '--all')).stdout).toBe('1 removed\n');
    expect((await cli('list', 'letters')).stdout).toBe('no dead letters\n');
  });

  test('a folder that an engine uses cannot be purged', async () => {
    const engine = await failing(['parse', 1]);
    const run = await cli('purge', 'letters', '--all');
    expect(run).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('an engine of this process uses it'),
    });
    expect(engine.deadLetters.list()).toHaveLength(1);
    await engine.close();
  });

  test.each([
    [['list', 'none'], /^spillway: folder of dead letters .*none: ENOENT/],
    [['purge', 'none', '--all'], /^spillway: folder of dead letters .*none: ENOENT/],
    [
      ['show', 'empty', 'd1'],
      /^spillway: no dead letter "d1" in empty; spillway dead-letters list empty names/,
    ],
    [['purge', 'empty'], /^spillway: expected ids, or a filter such as --agent, or --all; got none/],
    [['purge', 'empty', 'd1', '--all'], /got several of them/],
    [['redrive', 'empty', '--all'], /required option '--module <file>' not specified/],
    [['redrive', 'empty', '--all', '--module', 'no.mjs'], /^spillway: no\.mjs: cannot load the module/],
    [['list', 'empty', '--limit', '0'], /Expected a whole number from 1 to 1000000, got "0"/],
    [['lst', 'empty'], /unknown command 'lst'/],
  ])('%j is refused in one line', async (args, message) => {
    mkdirSync(join(cwd, 'empty'));
    const run = await cli(...args);
    expect(run.stderr).toMatch(message);
    expect(run.stderr).not.toMatch(/\n\s+at /);
    expect(run.code).toBe(2);
  });

  test('--help shows examples of all of it', async () => {
    const { stdout, code } = await cli('--help');
    expect(code).toBe(0);
    for (const text of ['list', 'show', 'purge', 'redrive', '--module', 'Examples:', 'Exit codes:']) {
      expect(stdout).toContain(text);
    }
  });
});
