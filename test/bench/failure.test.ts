import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { breakerCost } from '../../bench/failure/breaker-cost.ts';
import { type FailureRow, renderFailure, verdictsOf } from '../../bench/failure/report.ts';
import { runScenario, type Scenario } from '../../bench/failure/scenario.ts';
import { loadSpillway, sourceSubject } from '../../bench/subject.ts';

const SCENARIO: Scenario = {
  lane: 'loop',
  hasBreaker: true,
  tasksPerSecond: 400,
  errorShare: 1,
  faultAtMs: 200,
  faultEndsAtMs: 2_400,
  endsAtMs: 5_000,
};

describe('the failure bench', () => {
  test('at its tiniest, the breaker opens, the other agent serves, and it closes again', async () => {
    const figures = await runScenario(await loadSpillway(sourceSubject()), SCENARIO);
    expect(figures.tasks).toBe(2_000);
    expect(figures.openings).toBeGreaterThan(0);
    expect(figures.afterTwoSeconds).toBeGreaterThan(0.9);
    expect(figures.closedAfterMs).not.toBeNull();
  });

  test('the cost of a call is measured for ours and for cockatiel', async () => {
    const cost = await breakerCost(5);
    for (const ns of Object.values(cost)) expect(ns).toBeGreaterThan(0);
  });

  test('the report says what was missed', () => {
    const row: FailureRow = {
      ...SCENARIO,
      tasks: 1,
      firstTwoSeconds: 0.9,
      afterTwoSeconds: 0.5,
      openings: 1,
      closedAfterMs: 1_000,
      takenAtTheEnd: 0.5,
    };
    const costNs = { own: 1, cockatielSample: 2, cockatielExecute: 3, bareAwait: 4 };
    const report = { bench: 'failure' as const, rows: [row], costNs };
    expect(verdictsOf(report).map(({ pass }) => pass)).toEqual([false, true]);
    expect(renderFailure(report)).toContain('MISS loop: >= 99 % succeed from 2 s on');
  });

  test('has help, and refuses what it does not know', () => {
    const script = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));
    const bench = (...args: string[]) =>
      spawnSync(process.execPath, ['--import', 'tsx', script, 'failure', ...args], { encoding: 'utf8' });
    expect(bench('--help').stdout).toContain('npm run bench -- failure --quick');
    expect(bench('--seeds').status).toBe(2);
    expect(bench('surplus')).toMatchObject({ status: 2, stderr: expect.stringContaining('got surplus') });
  });
});
