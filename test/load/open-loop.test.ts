import { describe, expect, test } from 'vitest';
import { OpenLoop, type OpenLoopOptions } from '../../src/load/open-loop.ts';
import { Recorder } from '../../src/load/recorder.ts';
import { ManualClock } from '../manual-clock.ts';

interface Sent {
  readonly index: number;
  readonly intendedMs: number;
  readonly sentMs: number;
}

/** An open loop from time 0 on, and what it sends. */
function openLoop(arrivals: readonly number[], options: Partial<OpenLoopOptions> = {}) {
  const clock = new ManualClock(0);
  const sent: Sent[] = [];
  const loop = new OpenLoop(
    {
      clock,
      arrivals: arrivals.values(),
      untilMs: 1_000,
      send: (index, intendedMs, sentMs) => sent.push({ index, intendedMs, sentMs }),
      ...options,
    },
    0,
  );
  return { clock, sent, run: loop.run() };
}

test('every arrival is sent in its millisecond, and then the run is over', async () => {
  const { clock, sent, run } = openLoop([3, 10, 10, 10.4, 250]);
  for (let ms = 0; ms < 300; ms++) clock.advance(1);
  await run;
  expect(sent.map(({ intendedMs }) => intendedMs)).toEqual([3, 10, 10, 10.4, 250]);
  expect(sent.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
  for (const { intendedMs, sentMs } of sent) {
    expect(sentMs).toBeGreaterThanOrEqual(intendedMs);
    expect(sentMs).toBeLessThanOrEqual(intendedMs + 1);
  }
  expect(clock.pending).toBe(0);
});

test('there is one timer, however many arrivals', () => {
  const { clock } = openLoop(Array.from({ length: 500 }, (_, i) => i + 1));
  expect(clock.pending).toBe(1);
  clock.advance(100);
  expect(clock.pending).toBe(1);
});

test('what is due at the end or later is not sent', async () => {
  const { clock, sent, run } = openLoop([1, 5, 50, 60], { untilMs: 50 });
  clock.advance(100);
  await run;
  expect(sent.map(({ intendedMs }) => intendedMs)).toEqual([1, 5]);
});

test('a generator that was kept from running sends all that is due at once, and knows how late it is', async () => {
  const clock = new ManualClock(0);
  const sent: number[][] = [];
  // Something else keeps the event loop busy: the first timer comes 90 ms late.
  const late = [90];
  const loop = new OpenLoop(
    {
      clock: {
        now: () => clock.now(),
        schedule: (delayMs, fn) => clock.schedule(delayMs + (late.shift() ?? 0), fn),
        defer: (fn) => clock.defer(fn),
      },
      arrivals: [10, 20, 30, 40, 200].values(),
      untilMs: 1_000,
      send: (_index, intendedMs, sentMs) => sent.push([intendedMs, sentMs]),
    },
    0,
  );
  const run = loop.run();
  clock.advance(150);
  expect(sent).toEqual([
    [10, 100],
    [20, 100],
    [30, 100],
    [40, 100],
  ]);
  clock.advance(50);
  await run;
  expect(sent.at(-1)).toEqual([200, 200]);
});

test('after a long stall whatever is measured gets a turn between two groups', () => {
  const many = Array.from({ length: 25_000 }, () => 5);
  const { clock, sent } = openLoop(many);
  clock.advance(10);
  expect(sent).toHaveLength(10_000);
  clock.turn();
  expect(sent).toHaveLength(20_000);
  clock.turn();
  expect(sent).toHaveLength(25_000);
});

describe('it ends early', () => {
  test('when it is so far behind that it cannot catch up', async () => {
    // 200 arrivals a millisecond, and each costs 0.1 ms to send.
    let spentMs = 0;
    const clock = new ManualClock(0);
    const arrivals = (function* () {
      for (let i = 0; ; i++) yield i / 200;
    })();
    let sent = 0;
    let latestMs = 0;
    const loop = new OpenLoop(
      {
        clock: {
          now: () => clock.now() + spentMs,
          schedule: (delayMs, fn) => clock.schedule(delayMs, fn),
          defer: (fn) => clock.defer(fn),
        },
        arrivals,
        untilMs: 600_000,
        send(_index, intendedMs, sentMs) {
          sent++;
          spentMs += 0.1;
          latestMs = sentMs - intendedMs;
        },
      },
      0,
    );
    const run = loop.run();
    clock.advance(1);
    for (let turns = 0; turns < 50; turns++) clock.turn();
    expect(await run).toBe('gave up');
    expect(latestMs).toBeGreaterThan(10_000);
    expect(sent).toBeLessThan(200_000);
  });

  test('when sending fails, with that error', async () => {
    const { clock, run } = openLoop([1, 2], {
      send() {
        throw new Error('no such agent');
      },
    });
    clock.advance(5);
    await expect(run).rejects.toThrow('no such agent');
    expect(clock.pending).toBe(0);
  });

  test('when its signal aborts, with the reason', async () => {
    const stop = new AbortController();
    const { clock, sent, run } = openLoop([1, 500], { signal: stop.signal });
    clock.advance(5);
    stop.abort(new Error('stopped'));
    await expect(run).rejects.toThrow('stopped');
    clock.advance(1_000);
    expect(sent).toHaveLength(1);
  });
});

/**
 * A system that serves one task a millisecond, at once, and that stands still from 100 ms to 600 ms. A closed loop would
 * send one task into the stall and call 1 of 1,000 slow. Of an open one every task of the stall waits for its end.
 */
test('a stalled system does not hide its latency: no coordinated omission', async () => {
  const clock = new ManualClock(0);
  const recorder = new Recorder(['a'], 250);
  const agent = recorder.agents.get('a')!;
  const end = (intendedAtMs: number) =>
    recorder.ended(
      { agent, priority: 'normal', intendedAtMs },
      {
        status: 'completed',
        taskId: 't',
        agent: 'a',
        timing: { waitMs: 0, serviceMs: 0, totalMs: 0 },
        attempts: [],
        value: 0,
      },
      clock.now(),
    );
  const loop = new OpenLoop(
    {
      clock,
      arrivals: Array.from({ length: 999 }, (_, i) => i + 1).values(),
      untilMs: 1_000,
      send(_index, intendedAtMs, sentAtMs) {
        recorder.sent({ agent, priority: 'normal', intendedAtMs }, sentAtMs);
        const stalled = clock.now() >= 100 && clock.now() < 600;
        if (stalled) clock.schedule(600 - clock.now(), () => end(intendedAtMs));
        else end(intendedAtMs);
      },
    },
    0,
  );
  const run = loop.run();
  clock.advance(1_000);
  await run;
  recorder.endInterval();
  const { p50, p90, p99, max } = agent.latency.summary;
  // Half of the time it stood still: half of the tasks waited, for 250 ms on average and up to 500 ms.
  expect(max).toBeCloseTo(500, 0);
  expect(p99).toBeGreaterThan(480);
  expect(p90).toBeGreaterThan(390);
  expect(p50).toBeLessThan(10);
  // Those of the first half of the stall missed the objective.
  expect(recorder.totals.counts).toMatchObject({ offered: 999, completed: 999, withinSlo: 749 });
  expect(recorder.lag.summary.max).toBeLessThan(1);
});

test('a stalled generator does not hide latency either: it counts from the intended time', async () => {
  const recorder = new Recorder(['a'], null);
  const agent = recorder.agents.get('a')!;
  const sent = { agent, priority: 'normal', intendedAtMs: 100 } as const;
  recorder.sent(sent, 400);
  recorder.ended(
    sent,
    {
      status: 'completed',
      taskId: 't',
      agent: 'a',
      timing: { waitMs: 0, serviceMs: 1, totalMs: 1 },
      attempts: [],
      value: 0,
    },
    401,
  );
  recorder.endInterval();
  expect(agent.latency.summary.max).toBeCloseTo(301, 0);
  expect(agent.service.summary.max).toBeCloseTo(1, 0);
  expect(recorder.lag.summary.max).toBeCloseTo(300, 0);
});
