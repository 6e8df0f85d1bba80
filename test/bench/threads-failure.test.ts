import { describe, expect, test } from 'vitest';
import { sourceSubject } from '../../bench/subject.ts';
import { THREADS_FAILURE } from '../../bench/threads-failure.ts';

describe('the bench of threads that misbehave, at its tiniest', () => {
  test.each(THREADS_FAILURE)('$name: gives a figure and no failure', { timeout: 60_000 }, async (one) => {
    const rows = await one.run({ size: 'tiny', rounds: 1, subject: sourceSubject(), progress: () => {} });
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      expect(row).toMatchObject({ failures: {}, sameResults: true, rounds: 1 });
      expect(row.case.startsWith(one.name)).toBe(true);
      expect(row.spillway).toBeGreaterThan(0);
    }
  });
});
