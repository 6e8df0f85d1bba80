import type { Clock } from '../contract/clock.ts';
import { IndexedHeap } from '../queue/indexed-heap.ts';
import { backoffMs } from './backoff.ts';
import type { CriticalPath } from './critical-path.ts';
import type { Plan } from './plan.ts';
import { isReady } from './react.ts';
import type { RunState } from './state.ts';

interface ReadyStep {
  key: number;
  tie: number;
  heapIndex: number;
}

/** Steps that could be started, the one with the most behind it first. */
export class ReadyLine {
  readonly #plan: Plan;
  readonly #state: RunState;
  readonly #path: CriticalPath;
  readonly #heap = new IndexedHeap<ReadyStep>();
  readonly #isIn: boolean[] = [];
  /** Pauses before a next attempt that are not over, by step. */
  readonly #pauses = new Map<number, () => void>();

  constructor(plan: Plan, state: RunState, path: CriticalPath) {
    this.#plan = plan;
    this.#state = state;
    this.#path = path;
    this.addAll();
  }

  get size(): number {
    return this.#heap.size;
  }

  /** Nothing happens if it is there already, or is not ready. */
  add(index: number): void {
    if (!isReady(this.#state, index) || this.#isIn[index] || this.#pauses.has(index)) return;
    this.#isIn[index] = true;
    this.#heap.push({ key: -this.#path.remainingMs(index), tie: index, heapIndex: -1 });
  }

  /** Those that need a step that has ended. */
  addAfter(index: number): void {
    for (const next of this.#plan.steps[index]!.neededBy) this.add(next);
  }

  /** Once the pause before its next attempt is over. */
  addLater(index: number, clock: Clock, added: () => void): void {
    const { retry } = this.#plan.steps[index]!.definition;
    const pauseMs = backoffMs(retry, this.#state.steps[index]!.attempt);
    const stopTimer = clock.schedule(pauseMs, () => {
      this.#pauses.delete(index);
      this.add(index);
      added();
    });
    this.#pauses.set(index, stopTimer);
  }

  /** Nobody waits any more. */
  close(): void {
    for (const stopTimer of this.#pauses.values()) stopTimer();
  }

  addAll(): void {
    for (const { index } of this.#plan.steps) this.add(index);
  }

  /** Takes the first one out. */
  take(): number | undefined {
    const first = this.#heap.peek();
    if (first === undefined) return undefined;
    this.#heap.remove(first);
    this.#isIn[first.tie] = false;
    return first.tie;
  }
}
