import { expect, test } from 'vitest';
import { COST } from '../../bench/cost.ts';
import { sourceSubject } from '../../bench/subject.ts';

const options = {
  size: 'tiny',
  rounds: 1,
  subject: sourceSubject(),
  together: true,
  progress: () => {},
} as const;

test.each(COST)(
  '$name, at its tiniest: every contender finishes and returns the same results',
  async (one) => {
    const rows = await one.run(options);
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(row).toMatchObject({ failures: {}, sameResults: true });
    for (const row of rows) expect(row.case.startsWith(one.name)).toBe(true);
  },
);
