import type { Plan } from '../../../src/workflow/plan.ts';
import { toSnapshot } from '../../../src/workflow/snapshot.ts';
import { stableHash } from '../../../src/workflow/stable-hash.ts';
import type { RunState } from '../../../src/workflow/state.ts';
import type { SeededRandom } from '../../fixtures/seeded-random.ts';
import type { LiveRun } from './simulated-process.ts';

/** How often somebody looks, 0 to 1. */
const LOOKS = 0.1;

/** What a run's state was after so many events. */
interface Picture {
  readonly stream: string;
  readonly version: number;
  readonly hash: string;
}

/** Of a state, whatever led to it: its events, or a snapshot and the events after it. */
export function hashOf(plan: Plan, state: RunState): string {
  const waits = state.steps.map((step) => (step.status === 'waiting' ? step.waitsFor : 0));
  return stableHash([toSnapshot(plan, state), state.open, waits]);
}

/** Somebody who looks at runs now and then while they are under way. */
export class RunWatch {
  readonly faults: string[] = [];
  readonly #pictures: Picture[] = [];
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Looks at a run from now on, where events are kept. */
  begin({ run, handle }: LiveRun): void {
    let percent = 0;
    let hadEnded = false;
    run.listen((events) => {
      // It goes on elsewhere: what it has done last may not be kept.
      if (events.length === 0) return;
      const { state, plan } = run;
      if (this.#random.chance(LOOKS)) {
        this.#pictures.push({ stream: state.run, version: state.version, hash: hashOf(plan, state) });
      }
      if (!this.#random.chance(LOOKS)) return;
      const now = handle.status();
      // Somebody has reopened it: it begins again.
      if (hadEnded && now.state !== 'ended') percent = 0;
      if (!(now.percent >= percent && now.percent <= 100)) {
        this.faults.push(
          `${state.run}: after ${state.version} events it shows ${now.percent} percent, before ${percent}`,
        );
      }
      percent = now.percent;
      hadEnded = now.state === 'ended';
    });
  }

  picturesOf(stream: string): readonly Picture[] {
    return this.#pictures.filter((picture) => picture.stream === stream);
  }
}
