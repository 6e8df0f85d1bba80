import { describe, expect, it } from 'vitest';
import { cpuAgent, ioAgent } from '../../src/contract/agent.ts';
import { seededRandom } from '../../src/upstream/seeded-random.ts';
import { type Scenario, simulate } from './scenario.ts';
import { isCompleted, Simulation } from './simulation.ts';
import { UpstreamModel } from './upstream-model.ts';
import { drawService, MEAN_MS, PRIORITIES } from './workload.ts';

const SEEDS = [1, 2, 3];
const cpu = (seed: number, load: number): Scenario => ({
  lane: 'threads',
  seed,
  sloMs: 100,
  load: () => load,
  durationS: 25,
  fromS: 5,
});
const io = (seed: number, load: number, knee: number): Scenario => ({
  lane: 'loop',
  seed,
  sloMs: 15_000,
  knee,
  load: () => load,
  durationS: 240,
  fromS: 60,
});

describe.each(SEEDS)('the adaptive policy, seed %i', (seed) => {
  it('serves threads fully at twice their capacity, within the objective', async () => {
    const { goodput, p99 } = await simulate(cpu(seed, 2));
    expect(goodput).toBeGreaterThanOrEqual(0.95);
    expect(p99).toBeLessThanOrEqual(1);
  });

  it('at five times the capacity high priorities come through', async () => {
    const { good, p99 } = await simulate(cpu(seed, 5));
    expect(good[0]).toBeGreaterThanOrEqual(0.95);
    expect(good[0]).toBeGreaterThan(good[1]!);
    expect(good[1]).toBeGreaterThan(good[2]!);
    expect(p99).toBeLessThanOrEqual(1);
  });

  it('at half the capacity nearly nothing is rejected', async () => {
    expect((await simulate(cpu(seed, 0.5))).rejected).toBeLessThanOrEqual(0.005);
    expect((await simulate(io(seed, 0.5, 64))).rejected).toBeLessThanOrEqual(0.005);
  });

  it.each([24, 100])('finds a knee of %i', async (knee) => {
    const { goodput, p99, good } = await simulate(io(seed, 2, knee));
    expect(goodput).toBeGreaterThanOrEqual(0.88);
    expect(p99).toBeLessThanOrEqual(1);
    expect(good[0]).toBeGreaterThanOrEqual(0.95);
  });

  it('follows a knee that falls from 64 to 24', async () => {
    const { goodput, windows } = await simulate({
      ...io(seed, 1.5, 64),
      durationS: 300,
      fromS: 150,
      events: [{ atS: 120, knee: 24 }],
      capacity: () => 24 / 64,
    });
    expect(goodput).toBeGreaterThanOrEqual(0.8);
    expect(windows[119]!.concurrency).toBeGreaterThan(48);
    const last = windows.slice(200, 300).map(({ concurrency }) => concurrency);
    expect(last.reduce((a, b) => a + b, 0) / last.length).toBeLessThan(40);
  });

  it('gives the same figures for the same seed', async () => {
    const scenario = { ...io(seed, 1.2, 24), durationS: 90 };
    expect(await simulate(scenario)).toEqual(await simulate(scenario));
    const other = await simulate({ ...scenario, seed: seed + 100 });
    expect(other.windows).not.toEqual((await simulate(scenario)).windows);
  });
});

describe.each(['threads', 'loop'] as const)('on the %s lane', (lane) => {
  /** Overload for a while, with the clock set back or forward in the middle; then everything drains. */
  async function drained(jumpMs: number) {
    const simulation = new Simulation({
      agents: [
        lane === 'threads'
          ? cpuAgent('a', { module: 'file:///none' })
          : ioAgent('a', { run: (ms: number) => new Promise<void>((done) => upstream.call(ms, done)) }),
      ],
      sloMs: 20 * MEAN_MS[lane],
    });
    const { clock, gate, dispatcher, stations } = simulation;
    const upstream = new UpstreamModel(clock, 16);
    const random = seededRandom(5);
    const slots = lane === 'threads' ? 2 : 16;
    const counts = { offered: 0, rejected: 0, admitted: 0, completed: 0, shed: 0, after: 0 };
    const ended = new Set<number>();
    const everyMs = MEAN_MS[lane] / slots / 3;
    const TASKS = 6_000;
    for (let i = 0; i < TASKS; i++) {
      clock.schedule(i * everyMs, () => {
        if (i === TASKS / 2) clock.jump(jumpMs);
        counts.offered++;
        const work = drawService(lane, random) * MEAN_MS[lane];
        const task = simulation.submit('a', work, PRIORITIES[i % 3]!);
        if (task === undefined) {
          counts.rejected++;
          return;
        }
        counts.admitted++;
        if (i > 0.75 * TASKS) counts.after++;
        void task.outcome.then(() => {
          expect(ended.has(i)).toBe(false);
          ended.add(i);
          counts[isCompleted(task) ? 'completed' : 'shed']++;
        });
      });
    }
    await clock.runUntil(2 * TASKS * everyMs + 1_000 * MEAN_MS[lane]);
    expect(counts.offered).toBe(TASKS);
    expect(counts.rejected).toBeGreaterThan(TASKS / 4);
    expect(counts.completed).toBeGreaterThan(TASKS / 6);
    expect(counts.completed + counts.shed).toBe(counts.admitted);
    expect([gate.inside, dispatcher.waiting, dispatcher.running]).toEqual([0, 0, 0]);
    for (const station of stations.all()) {
      expect([station.running, station.waitingTotal, ...station.waiting]).toEqual([0, 0, 0, 0, 0]);
    }
    return counts;
  }

  it('every admitted task ends, exactly once', async () => {
    await drained(0);
  });

  it('a clock that jumps forward loses none', async () => {
    await drained(3_600_000);
  });

  it('a clock that jumps backward loses none and shuts no door', async () => {
    const { after } = await drained(-3_600_000);
    // A third of the last quarter, more or less, is what can be served.
    expect(after).toBeGreaterThan(300);
  });
});
