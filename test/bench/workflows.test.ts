import { describe, expect, test } from 'vitest';
import { dagOf, lowerBound, SHAPES, spine, weightsOf } from '../../bench/workflows/dags.ts';
import { WORKFLOWS } from '../../bench/workflows.ts';
import { TINIEST } from './tiniest.ts';

describe('the workflow bench, at its tiniest', () => {
  test('every case has a name of its own and asks a question', () => {
    expect(new Set(WORKFLOWS.map((one) => one.name)).size).toBe(WORKFLOWS.length);
    for (const one of WORKFLOWS) expect(one.question).toMatch(/\?$/);
  });

  test.each(WORKFLOWS)('$name: every contender that is there finishes and returns the same', async (one) => {
    const rows = await one.run(TINIEST);

    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      for (const [peer, why] of Object.entries(row.failures)) {
        // Peers that are not installed, and one that needs a Redis, say so; nothing else may fail.
        process.stderr.write(`${row.case}: ${peer}: ${why}\n`);
        expect(why).toMatch(/^skipped: /);
      }
      expect(row.sameResults).toBe(true);
      expect(row.hash).toMatch(/^[0-9a-f]{12}$/);
      for (const value of [row.spillway, ...Object.values(row.peers)])
        expect(Number.isFinite(value)).toBe(true);
    }
  });
});

describe('the graphs of the bench', () => {
  test.each([...SHAPES, 'spine'] as const)('%s: a step needs only steps before it, each once', (shape) => {
    const dag = shape === 'spine' ? spine(200).dag : dagOf(shape, 200);
    expect(dag).toHaveLength(200);
    for (const [step, needs] of dag.entries()) {
      expect(new Set(needs).size).toBe(needs.length);
      for (const need of needs) expect(need).toBeLessThan(step);
    }
    expect(weightsOf(dag).every((weight) => weight > 0)).toBe(true);
  });

  test('no schedule is shorter than the longest path, or than the work without a gap', () => {
    expect(lowerBound([[], [0], [0], [1, 2]], [1, 2, 3, 4], 2)).toBe(8);
    expect(lowerBound([[], [], [], []], [1, 2, 3, 4], 2)).toBe(5);
  });
});
