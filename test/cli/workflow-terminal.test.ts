import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runCli } from '../../src/cli/run-cli.ts';
import { type Canvas, treeLines } from '../../src/cli/workflow-tree.ts';
import { systemClock } from '../../src/contract/clock.ts';
import type { StepProgress, WorkflowStatus } from '../../src/index.ts';
import { temporaryFolder } from '../fixtures/folders.ts';

const PUBLISH = fileURLToPath(new URL('../fixtures/workflows/publish.mjs', import.meta.url));

/** `spillway run` on a terminal, at which somebody types each of the lines when he is asked. */
async function onTerminal(input: object, ...typed: readonly string[]) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const stdout = new PassThrough({ encoding: 'utf8' });
  const stderr = Object.assign(new PassThrough({ encoding: 'utf8' }), {
    isTTY: true,
    columns: 100,
    rows: 30,
  });
  let screen = '';
  let asked = 0;
  stderr.on('data', (text: string) => {
    screen += text;
    const times = screen.split('refuse: why > ').length - 1;
    for (; asked < times; asked++) stdin.write(`${typed[asked]}\n`);
  });
  const code = await runCli(['run', PUBLISH, '--input', JSON.stringify({ topic: 'rain', ...input })], {
    cwd: temporaryFolder(),
    env: { NO_COLOR: '1' },
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: stderr as unknown as NodeJS.WriteStream,
    process: new Proxy(process, {
      get: (of, key) => (key === 'stdin' ? stdin : Reflect.get(of, key).bind?.(of)),
    }),
    clock: systemClock,
    random: Math.random,
    wallNow: Date.now,
    sleep: async () => {},
  });
  return { code, screen, stdout: String(stdout.read() ?? '') };
}

describe('on a terminal', () => {
  test('a person is asked, and the run goes on with the answer', async () => {
    const { code, screen, stdout } = await onTerminal({ ask: true }, '', 'yes');
    expect(screen).toContain('approve: Publish "On rain"?');
    expect(screen).toContain('✓ approve');
    expect(stdout).toContain('publish-1: success');
    expect(code).toBe(0);
  });

  test('a refusal is one', async () => {
    const { code, screen } = await onTerminal({ ask: true }, 'refuse: not yet');
    expect(screen).toMatch(/✗ approve .*was refused: not yet/);
    expect(code).toBe(1);
  });

  test('the last picture stays, with all that has ended', async () => {
    const { code, screen } = await onTerminal({ sources: ['a', 'lost'] });
    const last = screen.slice(screen.lastIndexOf('\u001b[J') + 3).split('\n');
    expect(last).toEqual([
      expect.stringMatching(/^✓ write {4}agent writer {2}\S+ ms$/),
      expect.stringMatching(/^✓ sources {2}agent source {2}2 of 2 items, 1 failed, \S+ ms$/),
      expect.stringMatching(/^↷ approve {2}person .*its condition did not hold$/),
      expect.stringMatching(/^↷ go {7}signal go .*its condition did not hold$/),
      expect.stringMatching(/^✓ publish {2}function {6}\S+ ms$/),
      '[========================] 100 % | ended',
      '',
    ]);
    expect(code).toBe(3);
  });
});

const CANVAS: Canvas = { columns: 80, rows: 24, hasColor: false, nowMs: 1_000_000 };

function step(name: string, more: Partial<StepProgress> = {}): StepProgress {
  return {
    step: name,
    kind: 'task',
    status: 'waiting',
    who: 'function',
    attempt: 0,
    ms: undefined,
    items: undefined,
    turns: undefined,
    reason: undefined,
    nested: [],
    ...more,
  };
}

function status(steps: readonly StepProgress[], more: Partial<WorkflowStatus> = {}): WorkflowStatus {
  const counts = {
    total: 3,
    pending: 1,
    active: 1,
    parked: 0,
    completed: 1,
    skipped: 0,
    failed: 0,
    cancelled: 0,
  };
  return {
    run: 'w-1',
    workflow: 'w',
    state: 'running',
    percent: 42.31,
    elapsedMs: 1_200,
    counts,
    steps,
    parked: [],
    perSecond: 12.3,
    completion: { atMs: 1_012_000, lowMs: 1_009_000, highMs: 1_030_000 },
    bottleneck: { step: 'research', agent: 'model', why: 'limit' },
    criticalPath: ['research'],
    ...more,
  };
}

describe('the picture of a run', () => {
  test('has a line for each step, and one for the whole', () => {
    const items = { total: 40, completed: 10, failed: 2, parked: 0 };
    const lines = treeLines(
      status([
        step('plan', { status: 'succeeded', who: 'agent planner', ms: 1_234 }),
        step('research', { status: 'running', who: 'agent model', ms: 900, items, attempt: 2 }),
        step('write', { reason: undefined }),
      ]),
      { ...CANVAS, columns: 120 },
    );
    expect(lines).toEqual([
      '✓ plan      agent planner  1.23 s',
      '▸ research  agent model    [===-------] 12 of 40 items, 2 failed, attempt 2, 900 ms',
      '· write     function',
      '[==========--------------] 42.3 % | 12.3 /s | 12 s left (9 s to 30 s) | research (model) is at its concurrency',
    ]);
  });

  test('shows the workflow inside of a step below it', () => {
    const lines = treeLines(
      status([
        step('a', { who: 'workflow inner', status: 'running', nested: [{ status: status([step('x')]) }] }),
        step('b'),
      ]),
      CANVAS,
    );
    expect(lines.slice(0, 3).map((line) => line.slice(0, 5))).toEqual(['▸ a  ', '·   x', '· b  ']);
  });

  test('shows the workflows inside of items below their map, each with its number', () => {
    const deep = status([step('deep', { nested: [{ status: status([step('z')]) }] })]);
    const nested = [7, 12].map((item) => ({ item, status: deep }));
    const lines = treeLines(status([step('each', { kind: 'map', nested }), step('b')]), CANVAS);
    expect(lines.slice(0, -1).map((line) => line.slice(2, 13).trimEnd())).toEqual([
      'each',
      '  [7] deep',
      '    z',
      '  [12] deep',
      '    z',
      'b',
    ]);
  });

  test('of many steps shows those that tell most, and never more than there is room for', () => {
    const steps = Array.from({ length: 500 }, (_, at) =>
      step(`s${at}`, {
        status: at === 400 ? 'failed' : at === 450 ? 'running' : 'succeeded',
        reason: 'a\nb'.repeat(99),
      }),
    );
    const lines = treeLines(status(steps), { ...CANVAS, columns: 40, rows: 10 });
    expect(lines.length).toBeLessThan(10);
    expect(lines.every((line) => line.length <= 40)).toBe(true);
    expect(lines.join('\n')).toMatch(/✗ s400[\s\S]*▸ s450[\s\S]*and 493 more steps/);
  });
});
