import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CONTENDERS } from '../../bench/admission/contenders.ts';
import { plan } from '../../bench/admission/plan.ts';
import { renderReport, verdictsOf } from '../../bench/admission/report.ts';
import { run } from '../../bench/admission/run.ts';
import { judge, medianOf, type Target } from '../../bench/admission/targets.ts';

function bench(...args: string[]) {
  const script = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));
  return spawnSync(process.execPath, ['--import', 'tsx', script, 'admission', ...args], { encoding: 'utf8' });
}

const figures = { goodput: 0, p99: 0, good: [1, 1, 1], rejected: 0, recoveryS: null, coldStartS: null };

describe('the admission bench', () => {
  test('at its tiniest, everything runs, says where it is, and gives the same figures again', async () => {
    const cases = plan('tiny');
    const lines: string[] = [];
    const options = { seeds: 1, otherSeeds: 1, progress: (line: string) => lines.push(line) };
    const rows = await run(cases, options);
    expect(lines).toHaveLength(cases.length);
    expect(lines.at(-1)).toContain(`[${cases.length}/${cases.length}] hard loop knee 64 retry storm`);
    for (const { runs, seeds } of rows) {
      expect(seeds).toEqual([1]);
      for (const { goodput, p99, good, rejected } of runs) {
        for (const value of [goodput, p99, rejected, ...good]) expect(Number.isFinite(value)).toBe(true);
      }
    }

    const verdicts = verdictsOf(rows);
    const text = renderReport({
      bench: 'admission',
      size: 'tiny',
      seeds: { spillway: 1, others: 1 },
      rows,
      verdicts,
    });
    for (const { name } of CONTENDERS) expect(text).toMatch(new RegExp(`^${name.replace('+', '\\+')} `, 'm'));
    for (const { label } of verdicts) expect(text).toContain(label);

    const some = cases.filter(({ name }) => ['2x', 'retry storm', 'mix flip'].includes(name));
    const again = await run(some, options);
    expect(again).toEqual(rows.filter((_, i) => some.includes(cases[i]!)));
  });

  test('the full plan has the loads of all contenders, every knee and every target', () => {
    const cases = plan('full');
    const rows = cases.map((one) => ({ ...one, seeds: [1], runs: [figures] }));
    expect(verdictsOf(rows)).toHaveLength(7 + 9 * 4 + 13);
    expect(new Set(cases.filter(({ part }) => part === 'loads').map(({ contender }) => contender)).size).toBe(
      10,
    );
    expect(new Set(cases.filter(({ part }) => part === 'knees').map(({ knee }) => knee)).size).toBe(9);
    expect(new Set(cases.filter(({ part }) => part === 'hard').map(({ name }) => name)).size).toBe(10);
  });

  test('a target looks at the worst row of each seed, and passes by the median of the seeds', () => {
    const [first] = plan('tiny');
    const row = (...goodputs: number[]) => ({
      ...first!,
      seeds: goodputs.map((_, i) => i + 1),
      runs: goodputs.map((goodput) => ({ ...figures, goodput })),
    });
    const target: Target = {
      label: 'goodput',
      sign: '>=',
      bound: 0.9,
      rows: () => true,
      figure: ({ goodput }) => goodput,
    };
    expect(judge(target, [row(0.95, 0.96, 0.8), row(0.92, 0.99, 0.99)])).toEqual({
      label: 'goodput',
      target: '>= 0.9',
      median: 0.92,
      worst: 0.8,
      pass: true,
      everySeed: false,
    });
    expect(judge({ ...target, sign: '<=' }, [row(0.95, 0.8)])).toMatchObject({ worst: 0.95, pass: true });
    expect(judge({ ...target, rows: () => false }, [row(1)])).toBeUndefined();
    expect(medianOf([3, 1, 2])).toBe(2);
    expect(medianOf([4, 1, 2, 3])).toBe(2.5);
  });

  test('wrong usage ends with code 2 and a line that says what was expected and what came', () => {
    const badSeeds = bench('--seeds', '0');
    expect([badSeeds.status, badSeeds.stderr]).toEqual([
      2,
      expect.stringContaining('--seeds: expected a whole number from 1 to 1000, got 0'),
    ]);
    const surplus = bench('cpu');
    expect([surplus.status, surplus.stderr]).toEqual([2, expect.stringContaining('got cpu')]);
    expect(bench('--help').stdout).toContain('--quick');
  });
});
