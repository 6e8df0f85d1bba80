import { describe, expect, it } from 'vitest';
import { FixedLimit } from '../../src/admission/fixed-limit.ts';
import { Flow } from '../../src/admission/flow.ts';
import { Gate } from '../../src/admission/gate.ts';
import { Stations } from '../../src/admission/stations.ts';
import type { Limit, PermitOutcome } from '../../src/contract/limit.ts';
import { ManualClock } from '../manual-clock.ts';

const limitOf = (capacity: number) => new FixedLimit({ capacity, threshold: 1 });
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A gate for tasks of one flow, with its errors. */
function gateOf(limit: Limit, clock = new ManualClock()) {
  const errors: unknown[] = [];
  const stations = new Stations(false);
  const flow = new Flow('any', stations.threads, 1_000);
  const gate = new Gate(limit, stations, clock, (error) => errors.push(error));
  return {
    errors,
    gate: {
      enter: (level: number) => gate.enter(flow, level, undefined, clock.now()),
      leave: (outcome: PermitOutcome, waitMs: number, serviceMs: number) =>
        gate.leave(outcome, flow, undefined, waitMs, serviceMs, clock.now()),
      hasRoom: (level: number) => gate.hasRoom(level, flow),
      change: (level: number, signal: AbortSignal | undefined) => gate.change(level, flow, signal),
      empty: (timeoutMs: number) => gate.empty(timeoutMs),
      load: () => gate.load(),
      wakeAll: () => gate.wakeAll(),
      get inside() {
        return gate.inside;
      },
    },
  };
}

/** Whether a promise has settled, as of the end of this turn. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  await turn();
  return settled;
}

const broken: Limit = {
  acquire() {
    throw new Error('acquire');
  },
  release() {
    throw new Error('release');
  },
  hasRoom() {
    throw new Error('hasRoom');
  },
  load() {
    throw new Error('load');
  },
};

describe('the gate', () => {
  it('counts who is inside', () => {
    const { gate } = gateOf(limitOf(2));
    expect([gate.enter(0), gate.enter(0)]).toEqual([undefined, undefined]);
    expect(gate.enter(0)).toMatchObject({ reason: 'over-limit', load: 1 });
    expect([gate.inside, gate.load(), gate.hasRoom(0)]).toEqual([2, 1, false]);
    gate.leave('success', 1, 1);
    expect([gate.inside, gate.load(), gate.hasRoom(0)]).toEqual([1, 0.5, true]);
  });

  it('sheds as policy-failed where the limit throws, reports the error, and loses nobody', () => {
    const { gate, errors } = gateOf(broken);
    expect(gate.enter(0)).toMatchObject({ reason: 'policy-failed' });
    expect(gate.hasRoom(0)).toBe(false);
    gate.load();
    expect(gate.inside).toBe(0);
    expect(errors.map((error) => (error as Error).message)).toEqual(['acquire', 'hasRoom', 'load']);
  });

  it('says a load that is a number where the limit cannot', () => {
    expect(gateOf(broken).gate.enter(0)?.load).not.toBeNaN();
  });

  it('sheds as policy-failed where the limit answers with nonsense', () => {
    for (const nonsense of [null, true, 'no', {}, { reason: 'x' }]) {
      const { gate } = gateOf({ ...broken, acquire: () => nonsense as never });
      expect(gate.enter(0)).toMatchObject({ reason: 'policy-failed' });
    }
  });

  it('lets out whoever is inside even if the limit throws', async () => {
    const { gate, errors } = gateOf({ ...broken, acquire: () => undefined });
    gate.enter(0);
    const empty = gate.empty(1_000);
    gate.leave('success', 1, 1);
    await empty;
    expect(gate.inside).toBe(0);
    expect(errors).toHaveLength(1);
  });

  it('wakes whoever waits once somebody has left, and nobody whose level still has no room', async () => {
    const limit: Limit = {
      ...limitOf(1),
      acquire: () => undefined,
      release() {},
      hasRoom: (level) => level > 0,
      load: () => 1,
    };
    const { gate } = gateOf(limit);
    gate.enter(0);
    gate.enter(0);
    const high = gate.change(1, undefined);
    const low = gate.change(-1, undefined);
    expect(await isSettled(high)).toBe(false);
    gate.leave('success', 1, 1);
    expect([await isSettled(high), await isSettled(low)]).toEqual([true, false]);
  });

  it('wakes one for each that has left, the highest level first', async () => {
    const { gate } = gateOf(limitOf(2));
    gate.enter(0);
    gate.enter(0);
    const low = gate.change(-1, undefined);
    const [first, second] = [gate.change(1, undefined), gate.change(1, undefined)];
    gate.leave('success', 1, 1);
    expect([await isSettled(first), await isSettled(second), await isSettled(low)]).toEqual([
      true,
      false,
      false,
    ]);
    gate.enter(1);
    gate.leave('success', 1, 1);
    expect([await isSettled(second), await isSettled(low)]).toEqual([true, false]);
  });

  it('looks again in a later turn: whoever was woken may not have come in', async () => {
    const clock = new ManualClock();
    const { gate } = gateOf(limitOf(1), clock);
    gate.enter(0);
    const waiting = Array.from({ length: 10 }, () => gate.change(0, undefined));
    gate.leave('success', 1, 1);
    expect(await isSettled(waiting[0]!)).toBe(true);
    expect(await isSettled(waiting[1]!)).toBe(false);
    for (let i = 0; i < 10; i++) {
      clock.turn();
      await turn();
    }
    await Promise.all(waiting);
    clock.turn();
    gate.enter(0);
    expect(await isSettled(gate.change(0, undefined))).toBe(false);
  });

  it('stops waiting when the signal aborts, and leaves no listener behind', async () => {
    const { gate } = gateOf(limitOf(1));
    gate.enter(0);
    const { signal, abort } = listening();
    const waiting = gate.change(0, signal);
    expect(signal.count).toBe(1);
    abort();
    await waiting;
    const again = gate.change(0, listening().signal);
    gate.leave('success', 1, 1);
    await again;
    expect(signal.count).toBe(0);
  });

  it('wakes everybody when the engine closes', async () => {
    const { gate } = gateOf(limitOf(1));
    gate.enter(0);
    const waiting = [1, 2, 3].map((level) => gate.change(level, undefined));
    gate.wakeAll();
    await Promise.all(waiting);
  });

  it('is empty at once if nobody is inside, when the last one leaves, or when time is up', async () => {
    const clock = new ManualClock();
    const { gate } = gateOf(limitOf(5), clock);
    await gate.empty(1_000);
    gate.enter(0);
    gate.enter(0);
    const empty = gate.empty(1_000);
    gate.leave('success', 1, 1);
    expect(await isSettled(empty)).toBe(false);
    gate.leave('success', 1, 1);
    await empty;
    expect(clock.pending).toBe(0);
    gate.enter(0);
    const late = gate.empty(1_000);
    clock.advance(1_000);
    await late;
    expect(gate.inside).toBe(1);
  });
});

/** A signal that counts its listeners. */
function listening() {
  const controller = new AbortController();
  const signal = controller.signal as AbortSignal & { count: number };
  signal.count = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    signal.count++;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    signal.count--;
    removeEventListener.apply(signal, args);
  };
  return { signal, abort: () => controller.abort() };
}
