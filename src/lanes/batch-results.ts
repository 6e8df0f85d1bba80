import { FrameReader } from '../contract/frame-reader.ts';
import type { Task } from '../contract/task.ts';
import { fromWire } from '../contract/thrown.ts';
import type { Reply, WireThrown } from '../contract/wire.ts';
import type { CellViews } from '../load-table/cell-views.ts';
import type { Failure, LaneReport } from './lane.ts';
import type { OpenBatch } from './open-batch.ts';
import { leaveSync } from './thread-sync.ts';

/** Reports every result of a reply. The cell has the times at which the batch's tasks started and ended. */
export function settleReply(
  report: LaneReport,
  batch: OpenBatch,
  reply: Reply,
  { timeline, outbox }: CellViews,
): void {
  const reader = reply.frame === undefined ? undefined : new FrameReader(reply.frame, outbox);
  const { from, count, failed, reported } = reply;
  let nextFailed = 0;
  for (let i = 0; i < count; i++) {
    const index = from + i;
    const value = reader === undefined ? reply.raw : reader.next();
    const isFailed = failed !== undefined && failed[nextFailed] === index;
    if (isFailed) nextFailed++;
    const task = batch.tasks[index]!;
    batch.tasks[index] = undefined;
    batch.received++;
    if (batch.sync !== undefined) leaveSync(batch, index, isFailed ? 'cut short' : 'released');
    const startedAtMs = timeline[index]!;
    const endedAtMs = timeline[index + 1]!;
    if (reported === undefined) {
      settle(report, task, value, isFailed, startedAtMs, endedAtMs);
      continue;
    }
    batch.settleAfterReports(task, index, reportsOf(reported, index), () =>
      settle(report, task, value, isFailed, startedAtMs, endedAtMs),
    );
  }
}

function settle(
  report: LaneReport,
  task: Task,
  value: unknown,
  isFailed: boolean,
  startedAtMs: number,
  endedAtMs: number,
): void {
  if (task.ended) report.leftLane(task);
  else if (isFailed) report.failed(task, toFailure(value as WireThrown | string), startedAtMs, endedAtMs);
  else report.completed(task, value, startedAtMs, endedAtMs);
}

/** How many reports the handler of a task sent, from pairs of index and count. */
function reportsOf(pairs: readonly number[], index: number): number {
  for (let i = 0; i < pairs.length; i += 2) if (pairs[i] === index) return pairs[i + 1]!;
  return 0;
}

/** What does not fit a frame comes as JSON. */
function toFailure(thrown: WireThrown | string): Failure {
  const wire: WireThrown = typeof thrown === 'string' ? JSON.parse(thrown) : thrown;
  const cause = fromWire(wire);
  if (wire.failure === 'ESCAPED') return { code: 'HANDLER_FAILED', cause, tookThread: true };
  return { code: wire.failure ?? 'HANDLER_FAILED', cause };
}
