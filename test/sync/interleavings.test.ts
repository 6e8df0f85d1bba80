import { describe, expect, it } from 'vitest';
import { SyncError } from '../../src/contract/errors.ts';
import { Arbiter } from '../../src/sync/arbiter.ts';
import { Party } from '../../src/sync/party.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';
import { VirtualClock } from '../simulation/virtual-clock.ts';

const NAMES = ['a', 'b', 'c', 'd'];
/** Permits of what stands behind each name: two mutexes, two semaphores. */
const SIZES = [1, 1, 2, 5];

/** Counts who is inside, and throws if there are more than may be. */
class Inside {
  private readonly permits = new Map<string, number>();

  enter(name: string, permits: number, size: number): void {
    const inside = (this.permits.get(name) ?? 0) + permits;
    if (inside > size) throw new Error(`${inside} permits of ${name} are out, which has ${size}`);
    this.permits.set(name, inside);
  }

  leave(name: string, permits: number): void {
    this.permits.set(name, this.permits.get(name)! - permits);
  }

  get isEmpty(): boolean {
    return [...this.permits.values()].every((permits) => permits === 0);
  }
}

const SEEDS = Array.from({ length: 20 }, (_, i) => 1_000 + i);

describe('parties that acquire in any order, give up, are refused and vanish', () => {
  it.each(SEEDS)('exclude each other, and none waits for ever (seed %i)', async (seed) => {
    const random = new SeededRandom(seed);
    const clock = new VirtualClock();
    const arbiter = new Arbiter(clock, { maxNames: 100, maxWaiters: 1_000 });
    const inside = new Inside();
    const counts = { done: 0, deadlocks: 0, timeouts: 0, vanished: 0 };
    const pause = () => new Promise<void>((resolve) => clock.schedule(random.below(20), resolve));

    async function live(party: Party): Promise<void> {
      for (let errand = 0; errand < 5; errand++) {
        const held: (() => void)[] = [];
        try {
          for (let step = 0; step < 1 + random.below(3); step++) {
            const i = random.below(NAMES.length);
            const [name, size] = [NAMES[i]!, SIZES[i]!];
            const permits = 1 + random.below(size);
            const options = random.chance(0.3) ? { timeoutMs: 1 + random.below(30) } : undefined;
            const kind = size === 1 ? 'mutex' : 'semaphore';
            const lock = await arbiter.acquire(party, kind, name, size, permits, options);
            inside.enter(name, permits, size);
            held.push(() => {
              inside.leave(name, permits);
              lock.release();
            });
            await pause();
          }
          counts.done++;
        } catch (error) {
          if (!(error instanceof SyncError)) throw error;
          if (error.code === 'DEADLOCK') counts.deadlocks++;
          else if (error.code === 'SYNC_TIMEOUT') counts.timeouts++;
          else throw error;
        }
        if (random.chance(0.05)) {
          for (const { resource, permits } of party.holds) inside.leave(resource.name, permits);
          arbiter.end(party, 'cut short');
          counts.vanished++;
          return;
        }
        for (const release of held.reverse()) release();
        await pause();
      }
    }

    const lives = Array.from({ length: 40 }, (_, i) => live(new Party(undefined, `p${i}`)));
    // Nobody holds for longer than three pauses: whoever is left at the end has been forgotten.
    await clock.runUntil(100_000);
    await Promise.all(lives);
    expect(inside.isEmpty, `seed ${seed}`).toBe(true);
    expect(arbiter.inspect().resources).toEqual([]);
    expect(counts.done).toBeGreaterThan(0);
    expect(counts.deadlocks).toBeGreaterThan(0);
  });
});
