import { describe, expect, test } from 'vitest';
import { type Evidence, type Finding, replay } from '../../bench/chaos/checker.ts';
import { DEATHS, type Ending } from '../../bench/chaos/kinds.ts';
import { ChaosLog } from '../../bench/chaos/log.ts';
import { FLAT_SHARE, memoryFigures } from '../../bench/chaos/memory.ts';
import { ChaosPlan, SIZES, sizeOf, type TaskPlan } from '../../bench/chaos/plan.ts';
import { percentile } from '../../bench/chaos/report.ts';
import { ThreadWatch } from '../../bench/chaos/thread-watch.ts';

const plan = new ChaosPlan(5, SIZES.tiny);
const ALL = Array.from({ length: plan.tasks }, (_, task) => task);
const find = (fits: (plan: TaskPlan) => boolean): TaskPlan =>
  plan.planOf(ALL.find((task) => fits(plan.planOf(task)))!);
const plain = find(({ kind, cancels, refused }) => kind.name === 'tiny' && !cancels && !refused);
const once = find(({ kind, cancels, refused }) => kind.name === 'once' && !cancels && !refused);
const refused = find((task) => task.refused);
const cancelled = find(({ kind, cancels, refused }) => kind.name === 'tiny' && cancels && !refused);

/** A run of single tasks that are as they should be, but for what a test changes. */
class Run {
  readonly log = new ChaosLog(plan.tasks);
  readonly begun = new Uint8Array(plan.tasks);
  readonly done = new Uint8Array(plan.tasks);

  ends({ task }: TaskPlan, ending: Ending, digest = 0, permit = true): this {
    this.log.submitted(task);
    if (permit) this.log.released(task + 0.25, 1);
    this.log.ended(task, ending, digest, task + 0.25, 1);
    return this;
  }

  ran({ task }: TaskPlan, times = 1): this {
    this.begun[task] = times;
    this.done[task] = times;
    return this;
  }

  findings(deaths = 0): readonly Finding[] {
    const { begun, done } = this;
    const evidence: Evidence = { demands: plan, entries: this.log.entries(), begun, done, deaths };
    return replay(evidence).findings;
  }
}

const right = plan.expectedOf(plain);

describe('the checker', () => {
  test('finds nothing in a run that is as it should be', () => {
    const run = new Run().ran(plain).ends(plain, 'completed', right).ends(refused, 'rejected', 0, false);
    run.log.cancelled(cancelled.task);
    expect(run.ends(cancelled, 'cancelled').findings()).toEqual([]);
  });

  const wrongs: Readonly<Record<string, readonly [Run, string, RegExp]>> = {
    'a task that never ended': [
      lostRun(),
      'lost',
      new RegExp(`^task ${plain.task} \\(tiny\\) never ended; its handler was entered 1 times$`),
    ],
    'a task that ended twice': [twiceEnded(), 'doubled', / ended 2 times, last as completed$/],
    'a value that is not the task’s': [
      new Run().ran(plain).ends(plain, 'completed', right + 1),
      'wrong value',
      / completed with \d+, not with \d+$/,
    ],
    'an ending that must not be': [
      new Run().ran(plain).ends(plain, 'WORKER_LOST'),
      'wrong ending',
      / ended as WORKER_LOST, not as completed$/,
    ],
    'a cancel that nobody asked for': [
      new Run().ran(cancelled).ends(cancelled, 'cancelled'),
      'wrong ending',
      / was cancelled, and nobody had asked for it$/,
    ],
    'a result of a handler that never ran': [
      new Run().ends(once, 'WORKER_LOST'),
      'never ran',
      / ended as WORKER_LOST, and its handler never ran$/,
    ],
    'a run of a task that was turned away': [
      new Run().ran(refused).ends(refused, 'rejected', 0, false),
      'never ran',
      / was rejected, and its handler ran all the same$/,
    ],
    'a run of what was never submitted': [new Run().ran(plain), 'never ran', / ran and was never submitted$/],
    'a second run of what must run once': [
      new Run().ran(once, 2).ends(once, 'completed', plan.expectedOf(once)),
      'ran twice',
      / must run at most once, and ran 2 times$/,
    ],
    'a second run for no reason': [
      new Run().ran(plain, 2).ends(plain, 'completed', right),
      'ran twice',
      / ran 2 times, though only 0 threads died$/,
    ],
    'a permit that was kept': [
      new Run().ran(plain).ends(plain, 'completed', right, false),
      'permit',
      new RegExp(`^task ${plain.task} ended, and its permit never came back$`),
    ],
    'a permit that came back twice': [
      permitTwice(),
      'permit',
      /^1 permits came back for a task that waited and ran .+ and 1 ms, and no task has these times$/,
    ],
  };
  for (const [name, [run, rule, message]] of Object.entries(wrongs)) {
    test(`finds ${name}`, () => {
      expect(run.findings()).toEqual([{ rule, message: expect.stringMatching(message) }]);
    });
  }

  test('lets a task that may run twice do so after a thread died', () => {
    expect(new Run().ran(plain, 2).ends(plain, 'completed', right).findings(1)).toEqual([]);
  });
});

describe('the plan', () => {
  test('is the same for the same seed, and another for another', () => {
    const again = new ChaosPlan(5, SIZES.tiny);
    const other = new ChaosPlan(6, SIZES.tiny);
    expect(ALL.map((task) => again.planOf(task))).toEqual(ALL.map((task) => plan.planOf(task)));
    expect(ALL.every((task) => other.kindOf(task) === plan.kindOf(task))).toBe(false);
  });

  test('has as many deadly tasks of each kind as are wanted, and some more', () => {
    for (const death of DEATHS) {
      const deadly = ALL.filter((task) => plan.kindOf(task).death === death).length;
      expect(deadly).toBeGreaterThanOrEqual(SIZES.tiny.deaths[death]);
    }
    expect(sizeOf(SIZES.full.tasks)).toEqual(SIZES.full);
  });

  test('cancels and refuses only what kills nobody', () => {
    const meddled = ALL.map((task) => plan.planOf(task)).filter((task) => task.cancels || task.refused);
    expect(meddled.length).toBeGreaterThan(0);
    for (const { kind } of meddled) expect(kind.death).toBeUndefined();
  });
});

describe('memory', () => {
  const rising = Array.from({ length: 200 }, (_, i) => 100 + i / 4);
  test('is flat if the medians of the second half lie close together, whatever the first half did', () => {
    const settled = [...rising, ...Array.from({ length: 200 }, (_, i) => (i % 10 === 0 ? 400 : 150))];
    expect(memoryFigures(settled)).toEqual({ windowsMb: [150, 150, 150, 150, 150], spread: 0, isFlat: true });
  });

  test('is not if it grows', () => {
    const { spread, isFlat } = memoryFigures(rising);
    expect(spread).toBeGreaterThan(FLAT_SHARE);
    expect(isFlat).toBe(false);
  });

  test('is not judged by a few samples', () => {
    expect(memoryFigures([1, 100])).toEqual({ windowsMb: [], spread: 0, isFlat: true });
  });
});

describe('the watch over threads', () => {
  test('measures from each death to the thread that takes its place, and knows deaths by their agents', () => {
    let nowMs = 0;
    const watch = new ThreadWatch(() => nowMs);
    watch.ready();
    watch.lost({ threadId: 1, agent: 'exit', cause: undefined });
    nowMs = 10;
    watch.lost({ threadId: 2, agent: undefined, cause: undefined });
    watch.lost({ threadId: 3, agent: 'tiny', cause: new Error('why') });
    nowMs = 50;
    watch.ready();
    watch.ready();
    expect(watch.replacedAfterMs).toEqual([50, 40]);
    expect(watch.deaths).toMatchObject({ exit: 1, stuck: 1, hang: 0 });
    expect(watch.unexpected).toEqual(['agent "tiny": Error: why']);
    expect([watch.missing, watch.total]).toEqual([1, 3]);
  });
});

test('a percentile is one of the values', () => {
  expect(percentile([3, 1, 2], 0.5)).toBe(2);
  expect(percentile([3, 1, 2], 1)).toBe(3);
  expect(percentile([], 0.5)).toBe(0);
});

function lostRun(): Run {
  const run = new Run().ran(plain);
  run.log.submitted(plain.task);
  return run;
}

function twiceEnded(): Run {
  const run = new Run().ran(plain).ends(plain, 'completed', right);
  run.log.released(1, 2);
  run.log.ended(plain.task, 'completed', right, 1, 2);
  return run;
}

function permitTwice(): Run {
  const run = new Run().ran(plain).ends(plain, 'completed', right);
  run.log.released(0.125, 1);
  return run;
}
