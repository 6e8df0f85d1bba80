import { expect, test } from 'vitest';
import { COST } from '../../bench/cost.ts';
import { TINIEST } from './tiniest.ts';

test.each(COST)(
  '$name, at its tiniest: every contender finishes and returns the same results',
  async (one) => {
    const rows = await one.run(TINIEST);
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(row).toMatchObject({ failures: {}, sameResults: true });
    for (const row of rows) expect(row.case.startsWith(one.name)).toBe(true);
  },
);
