import { describe, expect, it } from 'vitest';
import { HEARTBEAT_EVERY_MS } from '../../src/contract/wire.ts';
import { quietMs } from '../../src/lanes/quiet-thread.ts';

describe('how long a thread has been quiet', () => {
  it('counts from the start of a task that has not awaited anything', () => {
    expect(quietMs(1_000, 0, 1_300)).toBe(300);
    expect(quietMs(1_000, 900, 1_300)).toBe(300);
  });

  it('counts from when the next heartbeat was due, for a task that awaits', () => {
    expect(quietMs(1_000, 1_200, 1_300)).toBe(100 - HEARTBEAT_EVERY_MS);
  });

  it('is not above 0 while the heart beats', () => {
    expect(quietMs(1_000, 5_000, 5_000 + HEARTBEAT_EVERY_MS)).toBe(0);
  });
});
