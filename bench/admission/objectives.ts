import type { LaneName } from '../../test/simulation/workload.ts';

/** p99 to hold, in milliseconds. */
export const SLO_MS: Readonly<Record<LaneName, number>> = { threads: 100, loop: 15_000 };
