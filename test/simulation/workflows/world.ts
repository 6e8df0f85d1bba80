import type { SeededRandom } from '../../fixtures/seeded-random.ts';
import type { ProcessClock } from './process-clock.ts';
import type { Faults } from './simulated-engine.ts';
import { numberOf } from './simulated-engine.ts';

/** What functions of simulated workflows stand on: the process that runs them, and the luck that they have. */
export class World {
  readonly #random: SeededRandom;
  readonly faults: Faults;
  clock: ProcessClock;

  constructor(random: SeededRandom, faults: Faults, clock: ProcessClock) {
    this.#random = random;
    this.faults = faults;
    this.clock = clock;
  }

  sleep(): Promise<void> {
    return this.clock.sleep(this.#random.below(this.faults.mostMs + 1));
  }

  failAtTimes(share = this.faults.failed): void {
    if (this.#random.chance(share)) throw new Error('bad luck');
  }

  /** The work of a function: what `numberOf` says, if all goes well. */
  readonly work = (input: unknown): number => {
    this.failAtTimes();
    return numberOf('function', input);
  };

  readonly workAsync = async (input: unknown): Promise<number> => {
    await this.sleep();
    return this.work(input);
  };
}
