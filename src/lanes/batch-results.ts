import { FrameReader } from '../contract/frame-reader.ts';
import type { Task } from '../contract/task.ts';
import { describeThrown, fromWire } from '../contract/thrown.ts';
import type { Reply, WireThrown } from '../contract/wire.ts';
import type { Failure, LaneReport } from './lane.ts';
import type { OpenBatch } from './open-batch.ts';

/** Reports every result of a reply. `timeline` has the times at which the batch's tasks started and ended. */
export function settleReply(
  report: LaneReport,
  batch: OpenBatch,
  reply: Reply,
  timeline: Float64Array,
): void {
  const reader = reply.frame === undefined ? undefined : new FrameReader(reply.frame);
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
  else if (isFailed) report.failed(task, toFailure(value as WireThrown), startedAtMs, endedAtMs);
  else report.completed(task, value, startedAtMs, endedAtMs);
}

/** How many reports the handler of a task sent, from pairs of index and count. */
function reportsOf(pairs: readonly number[], index: number): number {
  for (let i = 0; i < pairs.length; i += 2) if (pairs[i] === index) return pairs[i + 1]!;
  return 0;
}

function toFailure(wire: WireThrown): Failure {
  const ours = wire.kind === 'error' ? wire.failure : undefined;
  return { code: ours ?? 'HANDLER_FAILED', cause: fromWire(wire) };
}

/** Whether a batch could not be sent because of its payload, as opposed to its thread. */
export function isSendError(error: unknown): boolean {
  if (error instanceof DOMException && error.name === 'DataCloneError') return true;
  const code = String((error as { code?: unknown } | null)?.code ?? '');
  return code.includes('TRANSFER') || /could not be cloned/.test(describeThrown(error));
}
