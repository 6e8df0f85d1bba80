import type { ThreadReports } from '../contract/wire.ts';
import type { ThreadEvents } from './thread-events.ts';
import type { ThreadLink } from './thread-link.ts';

/** Takes what a running handler reports. */
type OnReport = (
  link: ThreadLink,
  event: 'progress' | 'partial',
  cell: number,
  batch: number,
  index: number,
  value: unknown,
) => void;

/** Where what a thread reports by itself goes. */
export function reportsOf(
  link: () => ThreadLink,
  onReport: OnReport,
  events: ThreadEvents,
): Omit<ThreadReports, 'sync' | 'leaveSync'> {
  return {
    progress: (cell, batch, index, fraction) => onReport(link(), 'progress', cell, batch, index, fraction),
    partial: (cell, batch, index, part) => onReport(link(), 'partial', cell, batch, index, part),
    childStarted: (pid) => void link().children.add(pid),
    childEnded: (pid, agentId, wasAtFault) => {
      link().children.delete(pid);
      if (wasAtFault) events.childLost(agentId);
    },
  };
}
