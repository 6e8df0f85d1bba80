import type { AttemptOf, Task } from '../contract/task.ts';
import type { ThreadReports } from '../contract/wire.ts';
import type { ThreadEvents } from './thread-events.ts';
import type { ThreadLink } from './thread-link.ts';

/** Takes what a running handler reports. */
type OnReport = (
  link: ThreadLink,
  cell: number,
  batch: number,
  index: number,
  deliver: (task: Task, by: AttemptOf) => void,
) => void;

/** Where what a thread reports by itself goes. */
export function reportsOf(
  link: () => ThreadLink,
  onReport: OnReport,
  events: ThreadEvents,
): Omit<ThreadReports, 'sync' | 'leaveSync'> {
  return {
    progress: (cell, batch, index, fraction) =>
      onReport(link(), cell, batch, index, (task, { isOver }) => {
        if (!isOver) task.target.owner.notify(task, 'progress', fraction);
      }),
    partial: (cell, batch, index, part) =>
      onReport(link(), cell, batch, index, (task, { isOver }) => {
        if (!isOver) task.target.owner.notify(task, 'partial', part);
      }),
    usage: (cell, batch, index, usage) =>
      onReport(link(), cell, batch, index, (task, by) => task.target.owner.used(task, usage, by)),
    rateLimit: (cell, batch, index, rateLimit, resource) =>
      onReport(link(), cell, batch, index, (task, by) =>
        task.target.owner.limited(task, rateLimit, resource, by),
      ),
    childLost: (agentId) => events.childLost(agentId),
  };
}
