import type { ShedReason } from '../contract/errors.ts';
import type { ReportCounts } from '../report/report.ts';

/** Counts what became of the tasks that were offered. */
export class Tally {
  #offered = 0;
  #completed = 0;
  #failed = 0;
  #cancelled = 0;
  #rejected = 0;
  #withinSlo = 0;
  readonly #shed: Partial<Record<ShedReason, number>> = {};

  offer(): void {
    this.#offered++;
  }

  complete(withinSlo: boolean): void {
    this.#completed++;
    if (withinSlo) this.#withinSlo++;
  }

  fail(): void {
    this.#failed++;
  }

  cancel(): void {
    this.#cancelled++;
  }

  reject(reason: ShedReason): void {
    this.#rejected++;
    this.#shed[reason] = (this.#shed[reason] ?? 0) + 1;
  }

  /** Offered, and not ended yet. */
  get open(): number {
    return this.#offered - this.#completed - this.#failed - this.#cancelled - this.#rejected;
  }

  get counts(): ReportCounts {
    return {
      offered: this.#offered,
      completed: this.#completed,
      failed: this.#failed,
      cancelled: this.#cancelled,
      rejected: this.#rejected,
      withinSlo: this.#withinSlo,
      shed: { ...this.#shed },
    };
  }
}
