import type { BreakerCost } from './breaker-cost.ts';
import type { FailureFigures, Scenario } from './scenario.ts';

export type FailureRow = Scenario & FailureFigures;

export interface FailureReport {
  readonly bench: 'failure';
  readonly rows: readonly FailureRow[];
  readonly costNs: BreakerCost;
}

export interface Verdict {
  readonly what: string;
  readonly pass: boolean;
}

const LEAST_GOOD = 0.99;
const CLOSED_WITHIN_MS = 2_000;

/** What had to be reached, and whether it was. A breaker that never opened has shown nothing. */
export function verdictsOf({ rows }: FailureReport): Verdict[] {
  return rows
    .filter(({ hasBreaker }) => hasBreaker)
    .flatMap(({ lane, openings, afterTwoSeconds, closedAfterMs }) => [
      { what: `${lane}: >= 99 % succeed from 2 s on`, pass: openings > 0 && afterTwoSeconds >= LEAST_GOOD },
      {
        what: `${lane}: closed within 2 s of recovery`,
        pass: openings > 0 && closedAfterMs !== null && closedAfterMs <= CLOSED_WITHIN_MS,
      },
    ]);
}

export function renderFailure(report: FailureReport): string {
  const share = (value: number) => `${(100 * value).toFixed(2)} %`.padStart(10);
  const lines = report.rows.map((row) => {
    const closed = row.closedAfterMs === null ? '-' : `${(row.closedAfterMs / 1_000).toFixed(2)} s`;
    return [
      row.lane.padEnd(8),
      (row.hasBreaker ? 'yes' : 'no').padEnd(8),
      share(row.firstTwoSeconds),
      share(row.afterTwoSeconds),
      String(row.openings).padStart(9),
      closed.padStart(10),
      share(row.takenAtTheEnd),
    ].join(' ');
  });
  const { own, cockatielSample, cockatielExecute, bareAwait } = report.costNs;
  const ns = (value: number) => `${value.toFixed(1)} ns`;
  return [
    '30 % errors from one of two agents',
    'lane     breaker   first 2 s    after it  openings  closed in  its share at the end',
    ...lines,
    'Of two agents that are equally loaded the faster takes the task: where there is little to do, that may be the same for long.',
    '',
    `A call with a closed breaker: ${ns(own)}; cockatiel's sampler alone ${ns(cockatielSample)}, its execute ${ns(cockatielExecute)} (of which the await ${ns(bareAwait)}).`,
    '',
    ...verdictsOf(report).map(({ what, pass }) => `${pass ? 'ok  ' : 'MISS'} ${what}`),
    '',
  ].join('\n');
}
