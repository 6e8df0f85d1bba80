import { describe, expect, test } from 'vitest';
import { threadsIdleRoundTrip } from '../../bench/cases/threads-idle-round-trip.ts';
import { LANES } from '../../bench/lanes.ts';
import { TINIEST } from './tiniest.ts';

describe('the lanes bench, at its tiniest', () => {
  test('every case has a name of its own and asks a question', () => {
    expect(new Set(LANES.map((one) => one.name)).size).toBe(LANES.length);
    for (const one of LANES) expect(one.question).toMatch(/\?$/);
  });

  test.each(LANES)('$name: every contender finishes and returns the same results', async (one) => {
    const rows = await one.run(TINIEST);

    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      expect(row.failures).toEqual({});
      expect(row.case.startsWith(one.name)).toBe(true);
      expect(row.sameResults).toBe(true);
      expect(row.hash).toMatch(/^[0-9a-f]{12}$/);
      for (const value of [row.spillway, ...Object.values(row.peers)]) {
        expect(Number.isFinite(value)).toBe(true);
      }
      expect(row.bestPeer === null).toBe(Object.keys(row.peers).length === 0);
      expect(row.ratio === null).toBe(row.bestPeer === null);
      expect(Object.keys(row.spread).sort()).toEqual(['spillway', ...Object.keys(row.peers)].sort());
    }
  });

  test('contenders that are each in a process of their own say the same', async () => {
    const [apart] = await threadsIdleRoundTrip.run({ ...TINIEST, together: false });
    const [together] = await threadsIdleRoundTrip.run(TINIEST);
    expect(apart).toMatchObject({ failures: {}, sameResults: true, hash: together!.hash });
  });
});
