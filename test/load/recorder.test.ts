import { expect, test } from 'vitest';
import { OverloadError, TaskError } from '../../src/contract/errors.ts';
import type { Outcome } from '../../src/contract/outcome.ts';
import type { PriorityName } from '../../src/load/priority-names.ts';
import { Recorder } from '../../src/load/recorder.ts';

const BASE = { taskId: 't', agent: 'a', timing: { waitMs: 3, serviceMs: 5, totalMs: 8 }, attempts: [] };
const completed: Outcome = { ...BASE, status: 'completed', value: 0 };
const failed: Outcome = {
  ...BASE,
  status: 'failed',
  error: new TaskError('HANDLER_FAILED', 't', 'a', 'no such model'),
};
const rejected: Outcome = { ...BASE, status: 'rejected', error: new OverloadError('queue-full', 1, 100) };

function run(recorder: Recorder, agent: string, priority: PriorityName, ends: readonly [Outcome, number][]) {
  for (const [outcome, latencyMs] of ends) {
    const sent = { agent: recorder.agents.get(agent)!, priority, intendedAtMs: 1_000 };
    recorder.sent(sent, 1_001);
    recorder.ended(sent, outcome, 1_000 + latencyMs);
  }
}

test('tasks are counted in total, by agent, by priority and by interval', () => {
  const recorder = new Recorder(['a', 'b'], 100);
  run(recorder, 'a', 'high', [
    [completed, 50],
    [completed, 100],
    [completed, 101],
    [rejected, 0],
  ]);
  run(recorder, 'b', 'low', [
    [failed, 10],
    [completed, 20],
  ]);
  expect(recorder.totals.counts).toEqual({
    offered: 6,
    completed: 4,
    failed: 1,
    cancelled: 0,
    rejected: 1,
    withinSlo: 3,
    shed: { 'queue-full': 1 },
  });
  expect(recorder.agents.get('a')!.tally.counts).toMatchObject({ offered: 4, completed: 3, withinSlo: 2 });
  expect(recorder.priorities.get('low')!.tally.counts).toMatchObject({ offered: 2, failed: 1, completed: 1 });
  expect(recorder.interval.counts).toEqual(recorder.totals.counts);
  expect(recorder.firstFailure).toBe('no such model');
});

test('a failed task says nothing about latency, and a task over the objective is not within it', () => {
  const recorder = new Recorder(['a'], 100);
  run(recorder, 'a', 'normal', [
    [completed, 250],
    [failed, 9_000],
    [rejected, 0],
  ]);
  recorder.endInterval();
  const { latency, wait, service } = recorder.agents.get('a')!;
  expect(latency.summary).toMatchObject({ count: 1, mean: 250 });
  expect(wait.summary).toMatchObject({ count: 1, mean: 3 });
  expect(service.summary).toMatchObject({ count: 1, mean: 5 });
  expect(recorder.priorities.get('normal')!.latency.summary.count).toBe(1);
  expect(recorder.totals.counts.withinSlo).toBe(0);
});

test('without an objective every completed task is within it', () => {
  const recorder = new Recorder(['a'], null);
  run(recorder, 'a', 'normal', [[completed, 100_000]]);
  expect(recorder.totals.counts.withinSlo).toBe(1);
});

test('an interval has its own counts and lag, and the whole run has those of all', () => {
  const recorder = new Recorder(['a'], null);
  run(recorder, 'a', 'normal', [[completed, 10]]);
  expect(recorder.interval).toMatchObject({ lagMs: 1, hasEvents: true });
  recorder.endInterval();
  expect(recorder.interval).toMatchObject({
    counts: { offered: 0, completed: 0 },
    lagMs: 0,
    hasEvents: false,
  });
  run(recorder, 'a', 'normal', [[completed, 30]]);
  expect(recorder.agents.get('a')!.interval.summary).toMatchObject({ count: 1, mean: 30 });
  recorder.endInterval();
  expect(recorder.agents.get('a')!.latency.summary).toMatchObject({ count: 2, mean: 20 });
  expect(recorder.lag.summary.count).toBe(2);
});

test('what has no outcome yet is open', () => {
  const recorder = new Recorder(['a'], null);
  const sent = { agent: recorder.agents.get('a')!, priority: 'normal', intendedAtMs: 0 } as const;
  recorder.sent(sent, 0);
  recorder.sent(sent, 0);
  recorder.ended(sent, completed, 1);
  expect(recorder.totals.open).toBe(1);
  // A task that ends in a later interval than it came in is an event of that one, too.
  recorder.endInterval();
  recorder.ended(sent, completed, 2);
  expect(recorder.interval.hasEvents).toBe(true);
});
