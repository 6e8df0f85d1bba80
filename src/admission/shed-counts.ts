import { SHED_REASONS, type ShedReason } from '../contract/errors.ts';

/** How many tasks were turned away, by reason. */
export class ShedCounts {
  readonly byReason = Object.fromEntries(Object.keys(SHED_REASONS).map((reason) => [reason, 0])) as Record<
    ShedReason,
    number
  >;
  total = 0;

  add(reason: ShedReason): void {
    this.total++;
    this.byReason[reason]++;
  }
}
