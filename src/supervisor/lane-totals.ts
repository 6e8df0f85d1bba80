import { LatencyBuckets } from '../load-table/latency-buckets.ts';

/** What one agent, or several, have done. */
export interface Totals {
  readonly inFlight: number;
  readonly counts: { readonly completed: number; readonly failed: number };
  readonly wait: LatencyBuckets;
  readonly service: LatencyBuckets;
  readonly total: LatencyBuckets;
}

/** A sum over agents. */
export class LaneTotals implements Totals {
  inFlight = 0;
  readonly counts = { completed: 0, failed: 0 };
  readonly wait = new LatencyBuckets();
  readonly service = new LatencyBuckets();
  readonly total = new LatencyBuckets();

  add(other: Totals): void {
    this.inFlight += other.inFlight;
    this.counts.completed += other.counts.completed;
    this.counts.failed += other.counts.failed;
    this.wait.add(other.wait);
    this.service.add(other.service);
    this.total.add(other.total);
  }
}
