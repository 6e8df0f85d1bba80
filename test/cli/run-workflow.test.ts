import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../fixtures/folders.ts';
import { runHere } from './run-here.ts';
import { spillway } from './spillway.ts';

const PUBLISH = fileURLToPath(new URL('../fixtures/workflows/publish.mjs', import.meta.url));
const REVIEWS = fileURLToPath(new URL('../fixtures/workflows/reviews.mjs', import.meta.url));

const cli = (...args: string[]) => runHere(['run', ...args], { cwd: temporaryFolder() });
const publish = (input: object, ...args: string[]) =>
  cli(PUBLISH, '--input', JSON.stringify({ topic: 'rain', ...input }), ...args);

describe('spillway run', () => {
  test('runs the workflow with the input of its module, and says what came of it', async () => {
    const { code, stdout, stderr } = await cli(PUBLISH, '--id', 'run-7');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^run-7: success in .*\n.*2 agents \(source, writer\), 100 % succeeded/);
    expect(stdout).toContain("{ write: 'On rain', sources: [ 'a', 'b' ], size: 12n }");
    expect(stderr).toContain('write (agent writer): done');
    expect(stderr).toMatch(/sources \(agent source\): done, 2 of 2 items/);
    expect(stderr).toContain('approve (person): skipped');
  });

  test('--json prints exactly one document, and --quiet nothing else', async () => {
    const { code, stdout, stderr } = await publish({ sources: ['a', 'lost'] }, '--json', '--quiet');
    expect(stderr).toBe('');
    expect(code).toBe(3);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({
      run: 'publish-1',
      status: 'partial',
      data: { publish: { write: 'On rain', size: '12' } },
      metadata: { tasks: 3 },
      errors: [{ step: 'sources', item: 1, code: 'HANDLER_FAILED', retryable: true }],
    });
    expect(result.data.publish.sources[1]).toHaveProperty('$missing');
  });

  test('exits with 1 when the run has failed, and names why and what to do', async () => {
    const { code, stdout } = await publish({ failing: 'write' });
    expect(code).toBe(1);
    expect(stdout).toContain('publish-1: failed');
    expect(stdout).toMatch(/write {2}HANDLER_FAILED {2}agent "writer": Error: no ink\n {4}\S/);
  });

  test('--events writes every event, a line of JSON each', async () => {
    const cwd = temporaryFolder();
    await runHere(['run', PUBLISH, '--events', 'events.ndjson', '--quiet'], { cwd });
    const events = readFileSync(join(cwd, 'events.ndjson'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at));
    expect(events[0]).toMatchObject({ v: 1, type: 'run-started', workflow: 'publish' });
    expect(events.at(-1)).toMatchObject({ type: 'run-ended', status: 'success' });
  });

  test('takes its input from a file', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'input.json'), '{"topic":"snow"}');
    const { stdout } = await runHere(['run', PUBLISH, '--input-file', 'input.json'], { cwd });
    expect(stdout).toContain('On snow');
  });

  test('where nobody can be asked it stops with 4, and tells how to answer', async () => {
    const asked = await publish({ ask: true });
    expect(asked.code).toBe(4);
    expect(asked.stdout).toContain(`approve: Publish "On rain"?\n    --answer 'approve=true'`);
    const machine = await publish({ ask: true }, '--json', '--quiet');
    expect(machine.code).toBe(4);
    expect(JSON.parse(machine.stdout)).toMatchObject({
      status: 'parked',
      progress: { parked: [{ step: 'approve', ask: 'Publish "On rain"?' }] },
    });
    const waiting = await publish({ signal: true });
    expect(waiting.code).toBe(4);
    expect(waiting.stdout).toContain(`go waits for the signal go\n    --signal 'go=true'`);
  });

  test('stops so, too, where workflows inside of items wait, and takes their answers', async () => {
    const folder = { cwd: temporaryFolder() };
    const asked = await runHere(['run', REVIEWS, '--quiet'], folder);
    expect(asked.code).toBe(4);
    expect(asked.stdout).toContain("each[0]/approve: read a: good?\n    --answer 'each[0]/approve=true'");
    expect(asked.stdout).toContain('each[1]/approve: read b: good?');
    const answers = ['--answer', 'each[1]/approve=7', '--answer', 'each/approve=true'];
    const { code, stdout } = await runHere(['run', REVIEWS, '--json', '--quiet', ...answers], folder);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).data).toEqual({ each: [{ approve: true }, { approve: 7 }] });
  });

  test('takes answers and signals that are given beforehand', async () => {
    const yes = await publish(
      { ask: true, signal: true },
      '--answer',
      'approve=true',
      '--signal',
      'go={"at":1}',
    );
    expect(yes.code).toBe(0);
    const no = await publish({ ask: true }, '--answer', 'approve=refuse: not yet');
    expect(no.code).toBe(1);
    expect(no.stdout).toContain('not yet');
  });
});

const AGENT = `{ lane: 'loop', name: 'a', options: { run: async (n) => n } }`;

/** A module of that text, in a folder of its own. */
async function refused(text: string, ...args: string[]) {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'own.mjs'), text);
  return runHere(['run', 'own.mjs', ...args], { cwd });
}

describe('spillway run refuses', () => {
  test.each([
    [
      'export const agents = [];',
      /own\.mjs: expected an export `workflow`, made with .*; workflow is undefined/,
    ],
    ['export const workflow = { build() {} };', /expected an export `workflow`.*call its build\(\)/],
    [
      `export const workflow = { id: 'w', hash: 'h', steps: [] };`,
      /own\.mjs: expected an export `agents`.*agents is undefined/,
    ],
    [
      `export const workflow = { id: 'w', hash: 'h', steps: [] }; export const agents = [{ name: 'a' }];`,
      /own\.mjs: agents\[0\]/,
    ],
    [
      `export const workflow = { id: 'w', hash: 'h', steps: [] }; export const agents = [${AGENT}]; export const engine = 4;`,
      /own\.mjs: expected `engine` to be options of createEngine\(\), got 4/,
    ],
    ['throw new Error("broken on purpose");', /own\.mjs: cannot load the module: broken on purpose/],
  ])('the module %j', async (text, message) => {
    const { code, stderr, stdout } = await refused(text);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test.each([
    [['--input', '{topic}'], /--input: expected JSON, got \{topic\}/],
    [['--input-file', 'none.json'], /--input-file: cannot read none\.json/],
    [
      ['--input', '1', '--input-file', 'a'],
      /'--input-file <file>' cannot be used with option '--input <json>'/,
    ],
    [['--answer', 'yes'], /--answer: expected step=answer, got yes/],
    [['--answer', 'approve=yes'], /--answer approve: expected JSON, got yes/],
    [
      ['--answer', 'aprove=true'],
      /--answer: the workflow has no step "aprove"; it has write, sources, approve/,
    ],
    [['--signal', 'gone=1'], /waits for the signal "gone"; it waits for "go"/],
    [['--threads', '0'], /'--threads <n>' argument '0' is invalid.*whole number from 1/],
    [['--jsn'], /unknown option '--jsn'\s+\(Did you mean --json\?\)/],
    [['--events', 'no/such/folder'], /cannot write .*no\/such\/folder/],
  ])('%j', async (args, message) => {
    const { code, stderr, stdout } = await cli(PUBLISH, ...args);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test('an input that the schema refuses, also for machines', async () => {
    const text = `
      const validate = (value) => (value?.n > 0 ? { value } : { issues: [{ message: 'expected a number above 0', path: ['n'] }] });
      export const agents = [];
      export const workflow = { id: 'w', hash: 'h', steps: [], input: { '~standard': { version: 1, vendor: 't', validate } } };`;
    const { code, stdout, stderr } = await refused(text, '--input', '{"n":0}', '--json');
    expect(code).toBe(2);
    expect(stderr).toContain('input.n: expected a number above 0');
    expect(JSON.parse(stdout)).toMatchObject({ status: 'failed', errors: [{ code: 'INPUT_INVALID' }] });
  });
});

describe('Ctrl-C', () => {
  const HELD = fileURLToPath(new URL('../fixtures/workflows/held.mjs', import.meta.url));

  test('once finishes what runs and starts nothing more; the process ends with 130', async () => {
    const run = await spillway(['run', HELD, '--input', '{}'], {
      cwd: temporaryFolder(),
      onStart: (child) =>
        child.stderr!.on('data', (text) => /first.*running/.test(`${text}`) && child.kill('SIGINT')),
    });
    expect(run.stderr).toContain('stopping: what runs is finished');
    expect(run.stderr).toContain('first (agent held): done');
    expect(run.stdout).toContain('stopped before its end');
    expect(run.code).toBe(130);
  });

  test('twice cancels the run, which undoes what was done', async () => {
    let signals = 0;
    const run = await spillway(['run', HELD, '--input', '{"stubborn":true}', '--json'], {
      cwd: temporaryFolder(),
      onStart: (child) =>
        child.stderr!.on('data', (text) => {
          if (/first.*running/.test(`${text}`) || (/stopping/.test(`${text}`) && signals < 2)) {
            signals++;
            child.kill('SIGINT');
          }
        }),
    });
    expect(run.stderr).toContain('cancelling');
    expect(JSON.parse(run.stdout)).toMatchObject({ status: 'failed', compensated: ['before'] });
    expect(run.code).toBe(130);
  });
});
