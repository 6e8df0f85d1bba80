import { describe, expect, it } from 'vitest';
import { type BreakerOptions, breakerRules } from '../../src/contract/breaker.ts';
import { Breaker, type BreakerChange } from '../../src/dispatch/breaker.ts';
import { CallWindow } from '../../src/dispatch/call-window.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';

/** A breaker on a clock of its own, and what it said. */
class Trial {
  nowMs = 0;
  readonly changes: BreakerChange[] = [];
  places = 0;
  readonly breaker: Breaker;

  constructor(options: true | BreakerOptions = true) {
    const events = {
      changed: (_: Breaker, change: BreakerChange) => void this.changes.push(change),
      roomMade: () => void this.places++,
    };
    this.breaker = new Breaker(breakerRules(options), undefined, events, this.nowMs);
  }

  call(isGood: boolean, serviceMs = 1): void {
    const call = {};
    const startedAtMs = this.nowMs;
    this.breaker.started(call);
    this.nowMs += serviceMs;
    if (isGood) this.breaker.succeeded(call, startedAtMs, this.nowMs);
    else this.breaker.failed(call, startedAtMs, this.nowMs, 'no');
  }

  calls(count: number, isGood: boolean, serviceMs = 1): void {
    for (let i = 0; i < count; i++) this.call(isGood, serviceMs);
  }

  /** Lets the time go by that it stays open. */
  rest(by: 'tasks' | 'probe' = 'tasks'): void {
    this.nowMs += this.breaker.retryAfterMs(this.nowMs);
    this.breaker.halfOpen(by);
  }

  get states(): string[] {
    return this.changes.map(({ to }) => to);
  }
}

describe('a closed breaker', () => {
  it('opens at 5 % errors over at least 20 calls', () => {
    const trial = new Trial();
    trial.call(false);
    trial.calls(18, true);
    expect(trial.breaker.kind).toBe('closed');
    trial.call(true);
    expect(trial.changes).toEqual([{ from: 'closed', to: 'open', why: '1 of the last 20 calls failed' }]);
    expect(trial.breaker.hasRoom).toBe(false);
  });

  it('stays closed below the share, whatever the number of calls', () => {
    const trial = new Trial();
    trial.calls(30, true);
    for (let i = 0; i < 100; i++) {
      trial.call(false);
      trial.calls(24, true);
    }
    expect(trial.changes).toEqual([]);
  });

  it('forgets calls that are older than the window', () => {
    const trial = new Trial({ windowMs: 1_000 });
    trial.calls(19, false);
    trial.nowMs += 1_100;
    trial.calls(19, true);
    expect(trial.breaker.stats(trial.nowMs)).toMatchObject({ state: 'closed', calls: 19, failed: 0 });
  });

  it('opens when half of the calls take three times as long as 99 % did', () => {
    const trial = new Trial();
    trial.calls(300, true, 20);
    const { slowMs } = trial.breaker.stats(trial.nowMs);
    expect(slowMs).toBeGreaterThan(55);
    expect(slowMs).toBeLessThan(70);
    trial.calls(40, true, 100);
    expect(trial.breaker.kind).toBe('closed');
    trial.calls(60, true, 100);
    expect(trial.changes[0]?.why).toMatch(/took longer than \d+ ms/);
  });

  it('takes a bound on slow calls as it is given', () => {
    const options = { slowMs: 5, slowShare: 1, minCalls: 3, windowMs: 100 };
    const trial = new Trial(options);
    for (let i = 0; i < 20; i++) trial.call(true, i % 4 === 0 ? 5 : 6);
    expect(trial.breaker.kind).toBe('closed');
    const other = new Trial(options);
    other.calls(6, true, 6);
    expect(other.breaker.kind).toBe('open');
  });

  it('stays closed when its process stood still for a moment, and a thousand calls with it', () => {
    const trial = new Trial();
    trial.calls(200, true, 1);
    const calls = Array.from({ length: 1_000 }, () => ({}));
    const startedAtMs = trial.nowMs;
    trial.nowMs += 80;
    for (const call of calls) trial.breaker.succeeded(call, startedAtMs, trial.nowMs);
    expect(trial.breaker.stats(trial.nowMs)).toMatchObject({ state: 'closed', slow: 1_000 });
    trial.calls(2_000, true, 1);
    expect(trial.breaker.kind).toBe('closed');
  });
});

describe('an open breaker', () => {
  it('stays open twice as long each time, up to its bound', () => {
    const trial = new Trial({ openMs: 100, maxOpenMs: 350 });
    trial.calls(20, false);
    const rests: number[] = [];
    for (let i = 0; i < 4; i++) {
      rests.push(trial.breaker.retryAfterMs(trial.nowMs));
      trial.rest();
      trial.call(false);
    }
    expect(rests).toEqual([100, 200, 350, 350]);
    expect(trial.breaker.hasFailed).toBe(true);
  });

  it('takes no notice of calls that started before', () => {
    const trial = new Trial();
    trial.calls(20, false);
    const at = trial.changes.length;
    trial.breaker.succeeded({}, 0, trial.nowMs);
    trial.breaker.failed({}, 0, trial.nowMs, 'late');
    expect(trial.changes.length).toBe(at);
  });
});

describe('a half-open breaker', () => {
  const halfOpen = (options: BreakerOptions = {}) => {
    const trial = new Trial(options);
    trial.calls(20, false);
    trial.rest();
    return trial;
  };

  it('lets exactly its number of probes through at a time', () => {
    const { breaker, nowMs } = halfOpen({ probes: 2 });
    const [first, second] = [{}, {}];
    breaker.started(first);
    expect(breaker.hasRoom).toBe(true);
    breaker.started(second);
    expect(breaker.hasRoom).toBe(false);
    breaker.succeeded(first, nowMs, nowMs + 1);
    expect(breaker.hasRoom).toBe(true);
  });

  it('closes when enough probes in a row succeed, with a clean slate', () => {
    const trial = halfOpen({ closeAfter: 3 });
    trial.calls(3, true);
    expect(trial.states).toEqual(['open', 'half-open', 'closed']);
    expect(trial.breaker.stats(trial.nowMs)).toMatchObject({ calls: 0, failed: 0, openings: 0 });
    expect(trial.places).toBe(2);
  });

  it('opens again when one fails, whatever the others do', () => {
    const trial = halfOpen();
    const late = {};
    trial.breaker.started(late);
    trial.call(false);
    trial.breaker.succeeded(late, trial.nowMs, trial.nowMs);
    expect(trial.states).toEqual(['open', 'half-open', 'open']);
  });

  it('gives a place back for a probe that was cancelled', () => {
    const trial = halfOpen({ probes: 1 });
    const cancelled = {};
    trial.breaker.started(cancelled);
    trial.breaker.ignored(cancelled);
    expect([trial.breaker.hasRoom, trial.places, trial.breaker.kind]).toEqual([true, 1, 'half-open']);
  });

  it('counts neither for nor against what started before it closed', () => {
    const trial = halfOpen({ closeAfter: 1 });
    const before = trial.nowMs;
    trial.nowMs += 10;
    trial.call(true);
    for (let i = 0; i < 30; i++) trial.breaker.failed({}, before, trial.nowMs, 'an old call timed out');
    expect(trial.breaker.stats(trial.nowMs)).toMatchObject({ state: 'closed', calls: 0 });
  });

  it('lets no task through while its agent is probed', () => {
    const trial = new Trial();
    trial.calls(20, false);
    trial.rest('probe');
    expect([trial.breaker.hasRoom, trial.breaker.takesTasks]).toEqual([false, false]);
    trial.calls(5, true);
    expect(trial.breaker.hasRoom).toBe(true);
  });

  it('learns anew what is slow, when all is slow for long', () => {
    const trial = new Trial();
    trial.calls(300, true, 20);
    trial.calls(60, true, 200);
    expect(trial.breaker.kind).toBe('open');
    for (let i = 0; i < 2; i++) {
      trial.rest();
      trial.call(true, 200);
    }
    expect(trial.breaker.hasFailed).toBe(true);
    trial.rest();
    trial.calls(5, true, 200);
    expect(trial.breaker.kind).toBe('closed');
    trial.calls(300, true, 200);
    expect(trial.breaker.kind).toBe('closed');
  });
});

describe('the window of calls', () => {
  it.each([1, 2, 3])('counts what a list of all calls would, seed %i', (seed) => {
    const random = new SeededRandom(seed);
    const window = new CallWindow(1_000, 0);
    const all: { atMs: number; isFailed: boolean; isSlow: boolean }[] = [];
    let nowMs = 0;
    for (let i = 0; i < 2_000; i++) {
      nowMs += random.chance(0.01) ? random.below(3_000) : random.below(20);
      const call = { atMs: nowMs, isFailed: random.chance(0.2), isSlow: random.chance(0.1) };
      all.push(call);
      window.add(call.isFailed, call.isSlow, nowMs);
      // To a tenth of the window: nothing within nine tenths is missed, nothing beyond eleven is counted.
      const within = (ms: number) => all.filter(({ atMs }) => atMs > nowMs - ms);
      expect(window.calls).toBeGreaterThanOrEqual(within(900).length);
      expect(window.calls).toBeLessThanOrEqual(within(1_100).length);
      expect(window.failed).toBeLessThanOrEqual(within(1_100).filter(({ isFailed }) => isFailed).length);
      expect(window.slow).toBeLessThanOrEqual(within(1_100).filter(({ isSlow }) => isSlow).length);
    }
  });
});
