import type { ReportPriority } from '../report/report.ts';

/** The priorities that a load is mixed of, highest first. */
export type PriorityName = ReportPriority['priority'];
export const PRIORITY_NAMES = ['high', 'normal', 'low'] as const satisfies readonly PriorityName[];
