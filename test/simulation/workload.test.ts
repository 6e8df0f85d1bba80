import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/upstream/seeded-random.ts';
import { Clients, type Request } from './clients.ts';
import { VirtualClock } from './virtual-clock.ts';
import { drawClass, drawService, MEAN_MS, meanFactor, ONE_AGENT } from './workload.ts';

const DRAWS = 200_000;

describe('the workload', () => {
  it.each(['threads', 'loop'] as const)('service times on the %s lane have the mean 1', (lane) => {
    const random = seededRandom(1);
    let sum = 0;
    for (let i = 0; i < DRAWS; i++) sum += drawService(lane, random);
    expect(sum / DRAWS).toBeGreaterThan(0.985);
    expect(sum / DRAWS).toBeLessThan(1.015);
  });

  it('calls have a median of 1.5 s and a heavy tail', () => {
    const random = seededRandom(2);
    const times = Array.from({ length: DRAWS }, () => drawService('loop', random) * MEAN_MS.loop).sort(
      (a, b) => a - b,
    );
    expect(times[DRAWS / 2]).toBeGreaterThan(1_480);
    expect(times[DRAWS / 2]).toBeLessThan(1_580);
    expect(times[0.999 * DRAWS]).toBeGreaterThan(8_000);
  });

  it('one in ten is of high priority, three of normal, six of low', () => {
    const random = seededRandom(3);
    const counts = [0, 0, 0];
    for (let i = 0; i < DRAWS; i++) counts[drawClass(random)]!++;
    for (const [cls, share] of [0.1, 0.3, 0.6].entries()) {
      expect(Math.abs(counts[cls]! / DRAWS - share)).toBeLessThan(0.01);
    }
  });

  it('the mean of a mix follows the shares of its agents', () => {
    const mix = { factors: [0.5, 2], pick: (_s: number, draw: number) => (draw < 0.75 ? 0 : 1) };
    expect(meanFactor(mix, 0)).toBeCloseTo(0.875, 6);
    expect(meanFactor(ONE_AGENT, 0)).toBe(1);
  });
});

/** What clients send in ten seconds, each answered by `answer`. */
async function sent(seed: number, load: number, retries?: { most: number; backoffMs: number }) {
  const clock = new VirtualClock();
  const requests: (Request & { atMs: number })[] = [];
  const clients: Clients = new Clients(clock, {
    lane: 'threads',
    seed,
    mix: ONE_AGENT,
    load: () => load,
    slots: 2,
    retries,
    send(request) {
      requests.push({ ...request, atMs: clock.now() });
      if (retries !== undefined) clients.disappointed(request);
    },
  });
  clients.start();
  await clock.runUntil(10_000);
  return requests;
}

describe('clients', () => {
  it('come at the asked rate, the same for the same seed', async () => {
    const requests = await sent(1, 2);
    // 2 threads, 5 ms: 400 a second at load 1; the standard error of 8,000 is 90.
    expect(requests.length).toBeGreaterThan(7_600);
    expect(requests.length).toBeLessThan(8_400);
    expect(await sent(1, 2)).toEqual(requests);
    expect(await sent(2, 2)).not.toEqual(requests);
  });

  it('send again what was turned away, as often as they may, and wait longer each time', async () => {
    const requests = await sent(1, 0.01, { most: 3, backoffMs: 100 });
    const first = requests.filter(({ retries }) => retries === 0);
    // What comes first does not depend on what is sent again.
    const plain = await sent(1, 0.01);
    expect(first.map(({ atMs }) => atMs)).toEqual(plain.map(({ atMs }) => atMs));
    const { workMs } = first[0]!;
    const tries = requests.filter((request) => request.workMs === workMs);
    expect(tries.map(({ retries }) => retries)).toEqual([0, 1, 2, 3]);
    tries.slice(1).forEach(({ atMs }, i) => {
      const waitedMs = atMs - tries[i]!.atMs;
      expect(waitedMs).toBeGreaterThanOrEqual(50 * 2 ** i);
      expect(waitedMs).toBeLessThanOrEqual(100 * 2 ** i);
    });
  });
});
