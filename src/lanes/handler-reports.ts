import type { ThreadReports } from '../contract/wire.ts';
import type { ThreadEvents } from './thread-events.ts';
import type { ThreadLink } from './thread-link.ts';

/** Takes what a running handler reports. */
type OnReport = (
  link: ThreadLink,
  cell: number,
  batch: number,
  index: number,
  event: 'progress' | 'partial',
  value: unknown,
) => void;

/** Where what a thread reports by itself goes. */
export function reportsOf(link: () => ThreadLink, onReport: OnReport, events: ThreadEvents): ThreadReports {
  return {
    progress: (cell, batch, index, fraction) => onReport(link(), cell, batch, index, 'progress', fraction),
    partial: (cell, batch, index, part) => onReport(link(), cell, batch, index, 'partial', part),
    childStarted: (pid) => void link().children.add(pid),
    childEnded: (pid, agentId, wasAtFault) => {
      link().children.delete(pid);
      if (wasAtFault) events.childLost(agentId);
    },
  };
}
