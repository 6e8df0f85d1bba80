import { IndexedHeap } from '../queue/indexed-heap.ts';
import { backoffMs } from './backoff.ts';
import type { RunPort } from './execution.ts';
import { isReady } from './react.ts';

interface ReadyStep {
  key: number;
  tie: number;
  heapIndex: number;
}

/** Steps that could be started, the one with the most behind it first. */
export class ReadyLine {
  readonly #run: RunPort;
  readonly #added: () => void;
  readonly #heap = new IndexedHeap<ReadyStep>();
  readonly #isIn: boolean[] = [];
  /** Pauses before a next attempt that are not over, by step. */
  readonly #pauses = new Map<number, () => void>();

  /** @param added called when one is there that had to wait */
  constructor(run: RunPort, added: () => void) {
    this.#run = run;
    this.#added = added;
    this.addAll();
  }

  get size(): number {
    return this.#heap.size;
  }

  /** Once the pause before its next attempt is over. Nothing happens if it is there already, or is not ready. */
  add(index: number): void {
    if (!isReady(this.#run.state, index) || this.#isIn[index] || this.#pauses.has(index)) return;
    const now = this.#run.state.steps[index]!;
    if (now.status === 'waiting' && now.failedAtMs !== undefined) {
      const { retry } = this.#run.plan.steps[index]!.definition;
      const restMs = now.failedAtMs + backoffMs(retry, now.attempt) - this.#run.wallNow();
      if (restMs > 0) {
        this.#addLater(index, restMs);
        return;
      }
    }
    this.#isIn[index] = true;
    this.#heap.push({ key: -this.#run.criticalPath.remainingMs(index), tie: index, heapIndex: -1 });
  }

  /** The answer to its condition has come. */
  addAnew(index: number): void {
    this.add(index);
    this.#added();
  }

  #addLater(index: number, ms: number): void {
    const stopTimer = this.#run.clock.schedule(ms, () => {
      this.#pauses.delete(index);
      this.addAnew(index);
    });
    this.#pauses.set(index, stopTimer);
  }

  /** Those that need the step, which has ended. */
  addAfter(index: number): void {
    for (const next of this.#run.plan.steps[index]!.neededBy) this.add(next);
  }

  /** It has ended, or begins anew: no pause counts any more. */
  forget(index: number): void {
    this.#pauses.get(index)?.();
    this.#pauses.delete(index);
  }

  /** Nobody waits any more. */
  close(): void {
    for (const stopTimer of this.#pauses.values()) stopTimer();
  }

  addAll(): void {
    for (const { index } of this.#run.plan.steps) this.add(index);
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
