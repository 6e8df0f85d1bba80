import { describe, expect, test } from 'vitest';
import { BUGS, type Bug } from '../../bench/chaos/bugs.ts';
import type { RuleName } from '../../bench/chaos/checker.ts';
import { DEATHS, type Death } from '../../bench/chaos/kinds.ts';
import { type ChaosSize, SIZES } from '../../bench/chaos/plan.ts';
import { renderChaos } from '../../bench/chaos/report.ts';
import { runChaos } from '../../bench/chaos/run.ts';
import { sourceSubject } from '../../bench/subject.ts';

/** SPILLWAY_SEED repeats a run. */
const seed = Number(process.env.SPILLWAY_SEED ?? Date.now() % 1_000_000);

const run = (size: ChaosSize, bug?: Bug, stuckMs = 30_000) =>
  runChaos({ seed, size, subject: sourceSubject(), bug, stuckMs, progress: () => {} });

describe('the chaos bench, at its tiniest', { timeout: 120_000 }, () => {
  test('kills threads in every way, and the checker finds nothing wrong', async () => {
    const report = await run(SIZES.tiny);
    console.info(`chaos of seed ${seed}: ${report.tookMs} ms`);
    expect(report.findings, `SPILLWAY_SEED=${seed}`).toEqual([]);
    expect(report.deaths.map(({ death, wanted, died }) => [death, died >= wanted])).toEqual(
      DEATHS.map((death) => [death, true]),
    );
    expect(report.retries).toBeGreaterThan(0);
    const ended = Object.values(report.endings).reduce((sum, count) => sum + count, 0);
    expect(ended).toBe(SIZES.tiny.tasks);
    expect(report.endings.another).toBe(0);
    expect(report.replacedMs.p50).toBeGreaterThan(0);
    expect(renderChaos(report)).toContain('verdict: clean');
  });

  test('with the engine deciding who is let in, while threads come and go', async () => {
    const report = await runChaos({
      seed,
      size: SIZES.tiny,
      subject: sourceSubject(),
      policy: 'adaptive',
      elastic: true,
      progress: () => {},
    });
    expect(report.findings, `SPILLWAY_SEED=${seed}`).toEqual([]);
    const ended = Object.values(report.endings).reduce((sum, count) => sum + count, 0);
    expect(ended).toBe(SIZES.tiny.tasks);
    expect(report.scaled).toBeGreaterThan(0);
  });

  const none = Object.fromEntries(DEATHS.map((death) => [death, 0])) as Record<Death, number>;
  /** The first two mistakes are made when a thread dies. */
  const sizeFor = (bug: Bug): ChaosSize => ({
    tasks: 3_000,
    deaths: bug === 'leak-permit' ? none : { ...none, uncaught: 3, exit: 3 },
  });
  const caught: Readonly<Record<Bug, readonly [RuleName, RegExp]>> = {
    'drop-batch-mate': ['lost', /^task \d+ \(.+\) never ended/],
    'run-twice': ['ran twice', /^task \d+ \(.+ once\) must run at most once, and ran 2 times$/],
    'leak-permit': ['permit', /^task \d+ ended, and its permit never came back$/],
  };
  test.each(BUGS)('the checker finds the mistake %s, and names the task', async (bug) => {
    const report = await run(sizeFor(bug), bug, 4_000);
    const [rule, message] = caught[bug];
    const found = report.findings.filter((finding) => finding.rule === rule);
    expect(found, `SPILLWAY_SEED=${seed}: ${JSON.stringify(report.findings)}`).toHaveLength(1);
    expect(found[0]!.message).toMatch(message);
    expect(renderChaos(report)).toContain(found[0]!.message);
  });
});
