import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { above, KneeFit } from '../../src/admission/knee-fit.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';

/** What an upstream with this knee shows at these concurrencies, with noise as of `count` samples each. */
function fitOf(knee: number, ns: readonly number[], count: number, seed = 1, base = 0.3) {
  const random = new SeededRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  const fit = new KneeFit();
  for (const n of ns) {
    const noise = count === Number.POSITIVE_INFINITY ? 0 : 0.5 * normal() * Math.sqrt(1 / count);
    fit.add({ n, slowness: base + above(n, knee) + noise, count: Math.min(count, 1_000) });
  }
  return fit.fit();
}

describe('the fit of a knee', () => {
  it('finds it, wherever it is', () => {
    fc.assert(
      fc.property(fc.double({ min: 10, max: 500, noNaN: true }), (knee) => {
        const ns = [0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.3, 1.6].map((share) => share * knee);
        const fit = fitOf(knee, ns, Number.POSITIVE_INFINITY);
        expect(fit.isSeen).toBe(true);
        expect(Math.abs(Math.log(fit.knee / knee))).toBeLessThan(0.05);
        expect(fit.base).toBeCloseTo(0.3, 1);
      }),
    );
  });

  it('sees none where latency is flat, and then says the most that was tried', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const fit = fitOf(1_000, [8, 16, 32, 64], 64, seed);
      if (!fit.isSeen) expect(fit.knee).toBe(64);
    }
    const seen = Array.from({ length: 200 }, (_, i) => fitOf(1_000, [8, 16, 32, 64], 64, i + 1).isSeen);
    // Four standard errors squared: about one in twenty is taken in by noise.
    expect(seen.filter(Boolean).length).toBeLessThan(30);
  });

  it('finds it in noise', () => {
    const ns = [...Array(12).fill(69), 52, 52];
    const knees = Array.from({ length: 50 }, (_, i) => fitOf(64, ns, 69, i + 1).knee).sort((a, b) => a - b);
    expect(knees[25]).toBeGreaterThan(57);
    expect(knees[25]).toBeLessThan(71);
  });

  it('forgets: an upstream that changed counts as it is now', () => {
    const fit = new KneeFit();
    for (let i = 0; i < 32; i++) fit.add({ n: 60 + (i % 4) * 10, slowness: 0, count: 64 });
    for (let i = 0; i < 32; i++) {
      const n = 20 + (i % 4) * 10;
      fit.add({ n, slowness: above(n, 25), count: 64 });
    }
    expect(fit.fit().knee).toBeGreaterThan(22);
    expect(fit.fit().knee).toBeLessThan(28);
    expect(fit.size).toBe(32);
  });

  it('knows nothing after a restart', () => {
    const fit = new KneeFit();
    fit.add({ n: 5, slowness: 1, count: 10 });
    fit.restart();
    expect(fit.size).toBe(0);
    expect(fit.fit()).toMatchObject({ isSeen: false });
  });
});
