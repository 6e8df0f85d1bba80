import { describe, expect, it } from 'vitest';
import { EpochTally } from '../../src/admission/epoch.ts';
import { Flow } from '../../src/admission/flow.ts';
import { Station } from '../../src/admission/station.ts';
import type { StationRules } from '../../src/admission/station-rules.ts';

const [HIGH, NORMAL, LOW] = [0, 1, 2] as const;
const PLAIN: StationRules = { reserved: 0, lowShare: 0, weights: {} };

/** A station of two slots, both busy, whose tasks take 10 ms; nothing waits. */
function busyStation(rules: Partial<StationRules> = {}, sloMs = 100) {
  const station = new Station('threads', 'threads', 20, { ...PLAIN, ...rules });
  station.slots = 2;
  const tally = new EpochTally();
  const flow = new Flow('work', station, sloMs);
  flow.serve([{ station, inFlight: 2, limit: Number.POSITIVE_INFINITY, sloMs, tally }]);
  station.running = 2;
  let nowMs = 0;
  const pass = (ms: number) => {
    for (const untilMs = nowMs + ms; nowMs < untilMs; nowMs += 5) {
      station.complete(flow, tally, 0, 10, nowMs);
    }
  };
  pass(4_000);
  const ask = (cls: number, tenant?: string) => station.acquire(flow, cls, tenant, nowMs);
  const fill = (cls: number, tasks: number) => {
    for (let i = 0; i < tasks; i++) station.join(flow, cls);
  };
  const moveTo = (ms: number) => {
    nowMs = ms;
  };
  return { station, flow, ask, fill, pass, moveTo, now: () => nowMs };
}

describe('a station of tiny tasks', () => {
  /** Two slots that have work all the time; 2,000 wait. */
  function crowded() {
    const station = new Station('threads', 'threads', 20, PLAIN);
    station.slots = 2;
    station.running = 2;
    const tally = new EpochTally();
    const flow = new Flow('tiny', station, 1_000);
    flow.serve([{ station, inFlight: 2, limit: Number.POSITIVE_INFINITY, sloMs: 1_000, tally }]);
    const join = (tasks: number) => {
      for (let i = 0; i < tasks; i++) station.join(flow, NORMAL);
    };
    const complete = (tasks: number, nowMs: number) => {
      for (let i = 0; i < tasks; i++) station.complete(flow, tally, 0, 0.005, nowMs);
    };
    join(2_000);
    return {
      station,
      flow,
      complete,
      ask: (nowMs: number) => station.acquire(flow, NORMAL, undefined, nowMs),
    };
  }

  it('predicts nothing from a time in which nothing had completed', () => {
    const { complete, ask } = crowded();
    // The first look at the slots finds them busy, and nothing done.
    for (const atMs of [0, 12, 24]) expect(ask(atMs)).toBeUndefined();
    complete(20, 26);
    expect(ask(27)).toBeUndefined();
  });

  it('does not take its warm-up for the speed at which it goes on', () => {
    const { complete, ask } = crowded();
    expect(ask(0)).toBeUndefined();
    // Half a second until the first result is in.
    complete(200, 500);
    expect(ask(501)).toBeUndefined();
    complete(200, 530);
    expect(ask(531)).toBeUndefined();
  });

  it('does not take a moment without the processor, after a pause, for slow tasks', () => {
    const { station, complete, ask } = crowded();
    for (let nowMs = 0; nowMs < 1_000; nowMs++) complete(200, nowMs);
    station.running = 0;
    expect(ask(60_000)).toBeUndefined();
    station.running = 2;
    // Half a second in which nearly nothing completes.
    for (let nowMs = 60_001; nowMs < 60_500; nowMs += 10) {
      expect(ask(nowMs)).toBeUndefined();
      complete(1, nowMs);
    }
  });

  it('does not take a stall of its process for one of its slots', () => {
    const { complete, ask } = crowded();
    for (let nowMs = 0; nowMs < 1_000; nowMs++) complete(200, nowMs);
    // Results of the stall wait to be read.
    for (let i = 0; i < 100; i++) expect(ask(1_600 + i * 0.01)).toBeUndefined();
    complete(3_000, 1_602);
    expect(ask(1_640)).toBeUndefined();
  });
});

describe('a station', () => {
  it('predicts the wait from what waits, in work', () => {
    const { station, flow, fill, now } = busyStation();
    fill(NORMAL, 9);
    // Ten tasks of 10 ms on two slots.
    expect(station.predict(flow, NORMAL, now())).toBeGreaterThan(45);
    expect(station.predict(flow, NORMAL, now())).toBeLessThan(55);
    // What is lower does not stand before what is higher.
    expect(station.predict(flow, HIGH, now())).toBeLessThan(10);
  });

  it('sees slots that are stuck', () => {
    const { station, flow, now } = busyStation();
    for (let i = 0; i < 10; i++) station.join(flow, NORMAL);
    const askedAtMs: number[] = [];
    let atMs = now();
    for (; station.acquire(flow, NORMAL, undefined, atMs) === undefined; atMs += 10) askedAtMs.push(atMs);
    expect(askedAtMs.length).toBeGreaterThan(5);
    expect(askedAtMs.length).toBeLessThan(50);
  });

  it('turns away what would wait too long, says so, and when to come back', () => {
    const { ask, fill } = busyStation();
    fill(NORMAL, 10);
    expect(ask(NORMAL)).toBeUndefined();
    fill(NORMAL, 30);
    const shed = ask(NORMAL);
    expect(shed).toMatchObject({ reason: 'predicted-wait' });
    expect(shed!.load).toBeGreaterThan(1);
    expect(shed!.retryAfterMs).toBeGreaterThan(50);
    expect(ask(HIGH)).toBeUndefined();
  });

  it('lets everybody in while a slot is free and nobody waits, and before anything is known', () => {
    const { ask, fill } = busyStation({}, 1);
    fill(HIGH, 3);
    expect(ask(LOW)).toMatchObject({ reason: 'predicted-wait' });
    const idle = busyStation({}, 1);
    idle.station.running = 1;
    expect(idle.ask(LOW)).toBeUndefined();
    const fresh = new Station('new', 'loop', 100, PLAIN);
    const flow = new Flow('new', fresh, 1);
    for (let i = 0; i < 1_000; i++) fresh.join(flow, NORMAL);
    expect(fresh.acquire(flow, NORMAL, undefined, 0)).toBeUndefined();
  });

  it('counts each flow with its own service time', () => {
    const { station, flow, now } = busyStation();
    const short = new Flow('short', station, 100);
    const tally = new EpochTally();
    short.serve([{ station, inFlight: 0, limit: Number.POSITIVE_INFINITY, sloMs: 100, tally }]);
    for (let i = 1; i <= 200; i++) station.complete(short, tally, 0, 0.1, now() + i * 0.05);
    const atMs = now() + 120;
    for (const beforeMs of [20, 0]) station.acquire(flow, NORMAL, undefined, atMs - beforeMs);
    for (let i = 0; i < 20; i++) station.join(short, NORMAL);
    const behindShort = station.predict(flow, NORMAL, atMs);
    for (let i = 0; i < 20; i++) station.leave(short, NORMAL);
    for (let i = 0; i < 20; i++) station.join(flow, NORMAL);
    expect(station.predict(flow, NORMAL, atMs)).toBeGreaterThan(2 * behindShort);
    for (let i = 0; i < 20; i++) station.leave(flow, NORMAL);
    expect(station.waitingTotal).toBe(0);
  });

  it('sheds late what can no longer make it, and lets the last one try', () => {
    const { station, flow, fill } = busyStation();
    fill(NORMAL, 2);
    expect(station.isLate(flow, NORMAL, 20)).toBe(false);
    expect(station.isLate(flow, NORMAL, 95)).toBe(true);
    expect(station.isLate(flow, NORMAL, -1_000)).toBe(false);
  });

  it('gives low priority its minimum share, and tells that it has to go first', () => {
    const { station, ask, fill, pass } = busyStation({ lowShare: 0.1 });
    fill(HIGH, 50);
    let [tried, admitted] = [0, 0];
    for (let i = 0; i < 400; i++) {
      pass(5);
      tried++;
      if (ask(LOW) === undefined) {
        admitted++;
        expect(station.promoted).toBe(true);
      }
    }
    // 200 tasks a second are offered; a tenth of two slots is 20, and 40 were saved up.
    expect(admitted / tried).toBeGreaterThan(0.1);
    expect(admitted / tried).toBeLessThan(0.25);
    expect(ask(NORMAL)).toMatchObject({ reason: 'predicted-wait' });
    expect(station.promoted).toBe(false);
  });

  it('tells a tenant that has its share so', () => {
    const { ask, pass, fill } = busyStation({}, 1_000);
    const reasons = new Map<string, number>();
    fill(NORMAL, 3);
    for (let i = 0; i < 4_000; i++) {
      if (i % 2 === 0) pass(5);
      const tenant = i % 6 === 0 ? 'polite' : 'greedy';
      const reason = ask(NORMAL, tenant)?.reason;
      const key = `${tenant} ${reason}`;
      if (i > 2_000) reasons.set(key, (reasons.get(key) ?? 0) + 1);
    }
    expect(reasons.get('polite tenant-share')).toBeUndefined();
    expect(reasons.get('greedy tenant-share')).toBeGreaterThan(200);
  });

  it('goes on when the clock jumps backward', () => {
    const { ask, pass, moveTo, fill, station, flow, now } = busyStation();
    moveTo(-1e9);
    fill(NORMAL, 40);
    expect(ask(NORMAL)).toMatchObject({ reason: 'predicted-wait' });
    pass(1_000);
    expect(station.predict(flow, NORMAL, now())).toBeGreaterThan(180);
    expect(station.predict(flow, NORMAL, now())).toBeLessThan(230);
  });

  it('keeps its counts when a flow moves to another station', () => {
    const { station, flow, fill } = busyStation();
    fill(LOW, 7);
    const other = new Station('other', 'loop', 100, PLAIN);
    flow.serve([{ station: other, inFlight: 0, limit: 5, sloMs: 9, tally: new EpochTally() }]);
    expect([station.waitingTotal, other.waitingTotal, flow.sloMs, flow.places]).toEqual([0, 7, 9, 5]);
    flow.serve([]);
    other.leave(flow, LOW);
    expect(other.waitingTotal).toBe(6);
  });
});
