import { describe, expect, it } from 'vitest';
import { RestartBackoff } from '../../src/lanes/restart-backoff.ts';

/** The delays after each of so many deaths in a row, none of which completed anything. */
function delaysAfter(deaths: number, backoff: RestartBackoff): number[] {
  return Array.from({ length: deaths }, () => {
    backoff.died(0);
    return backoff.delayMs;
  });
}

describe('the delay of a new thread', () => {
  it('begins with the fourth death in a row, doubles with each, and ends at its bound', () => {
    const backoff = new RestartBackoff({ minMs: 20, maxMs: 100 });
    expect(backoff.delayMs).toBe(0);
    expect(delaysAfter(8, backoff)).toEqual([0, 0, 0, 20, 40, 80, 100, 100]);
  });

  it('is over as soon as one has completed something', () => {
    const backoff = new RestartBackoff({ minMs: 20, maxMs: 100 });
    delaysAfter(6, backoff);
    backoff.died(1);
    expect(backoff.delayMs).toBe(0);
    expect(delaysAfter(4, backoff)).toEqual([0, 0, 0, 20]);
  });

  it('stays finite however many die', () => {
    const backoff = new RestartBackoff({ minMs: 20, maxMs: 1_000 });
    expect(delaysAfter(5_000, backoff).at(-1)).toBe(1_000);
  });
});
