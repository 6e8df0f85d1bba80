import { describe, expect, test } from 'vitest';
import { type Evidence, type Finding, replay } from '../../bench/chaos/checker.ts';
import { DEATHS, type Ending } from '../../bench/chaos/kinds.ts';
import { ChaosLog } from '../../bench/chaos/log.ts';
import { ChaosPlan, SIZES, sizeOf, type TaskPlan } from '../../bench/chaos/plan.ts';

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

  ends({ task }: TaskPlan, ending: Ending, digest = 0, permit = true, attempts = attemptsFor(ending)): this {
    this.log.submitted(task);
    return this.endsNow(task, ending, digest, permit, attempts);
  }

  /** The task was submitted before. */
  endsNow(task: number, ending: Ending, digest: number, permit: boolean, attempts: number): this {
    const failed = ending === 'completed' || ending === 'cancelled' ? Math.max(0, attempts - 1) : attempts;
    if (permit) this.log.released(task + 0.25, 1);
    this.log.ended(task, ending, digest, task + 0.25, 1, attempts, failed);
    return this;
  }

  ran({ task }: TaskPlan, times = 1): this {
    this.begun[task] = times;
    this.done[task] = times;
    return this;
  }

  grants(count: number): this {
    this.log.granted(count);
    return this;
  }

  findings(deaths = 0): readonly Finding[] {
    const { begun, done } = this;
    const evidence: Evidence = { demands: plan, entries: this.log.entries(), begun, done, deaths };
    return replay(evidence).findings;
  }
}

const attemptsFor = (ending: Ending) => (ending === 'rejected' ? 0 : 1);
const right = plan.expectedOf(plain);
/** The first burst that cancels by a tag, and a task that has it. */
const bulkBurst = ALL.find((task) => plan.bulkAt(task)?.filter.tag !== undefined)!;
const tagged = find(
  ({ kind, tag, refused }) => kind.name === 'tiny' && tag === plan.bulkAt(bulkBurst)!.filter.tag && !refused,
);
const drillBurst = ALL.find((task) => {
  const drill = plan.drillAt(task);
  return drill?.agent === 'drill' && drill.options.kind === 'errors';
})!;
const drilled = find(({ kind, cancels, refused }) => kind.name === 'drill' && !cancels && !refused);
const flaky = find(({ kind, cancels, refused }) => kind.name === 'flaky' && !cancels && !refused);
const hopeless = find(({ kind, cancels, refused }) => kind.name === 'hopeless' && !cancels && !refused);

describe('the checker', () => {
  test('finds nothing in a run that is as it should be', () => {
    const run = new Run().ran(plain).ends(plain, 'completed', right).ends(refused, 'rejected', 0, false);
    run.log.cancelled(cancelled.task);
    run.log.granted(1);
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
      new Run().ran(cancelled).ends(cancelled, 'cancelled', 0, true, 1).grants(1),
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
    'an attempt too many': [
      new Run().ran(plain, 2).ends(plain, 'completed', right, true, 2),
      'attempts',
      / ended as completed after 2 attempts, 1 of which failed: it may be tried 1 times$/,
    ],
    'an attempt too few': [
      new Run().ran(hopeless, 2).ends(hopeless, 'HANDLER_FAILED', 0, true, 2),
      'attempts',
      / after 2 attempts, 2 of which failed: it has to be tried 3 times$/,
    ],
    'a task that a bulk cancel left alone': [
      leftAlone(),
      'cancel',
      new RegExp(`^task ${tagged.task} \\(tiny\\) was meant by a bulk cancel, and went on$`),
    ],
    'a number of cancelled tasks that is not theirs': [
      new Run().ran(plain).ends(plain, 'completed', right).grants(1),
      'cancel',
      /^the engine says that it cancelled 1 tasks, and 0 were$/,
    ],
    'a failure that no fault is the reason of': [
      new Run().ran(drilled).ends(drilled, 'HANDLER_FAILED'),
      'wrong ending',
      / ended as HANDLER_FAILED, not as completed$/,
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

  test('lets a bulk cancel end what it means', () => {
    const run = new Run();
    run.log.submitted(tagged.task);
    run.log.bulkCancelled(bulkBurst);
    run.grants(1).endsNow(tagged.task, 'cancelled', 0, true, 0).log.turned();
    expect(run.findings()).toEqual([]);
  });

  test('lets a fault fail what it may have struck, and nothing after it', () => {
    const run = new Run();
    run.log.submitted(drilled.task);
    run.log.drillBegan(drillBurst);
    run.log.drillEnded(drillBurst);
    expect(run.endsNow(drilled.task, 'HANDLER_FAILED', 0, true, 1).findings()).toEqual([]);
    const later = new Run();
    later.log.drillBegan(drillBurst);
    later.log.drillEnded(drillBurst);
    expect(later.ran(drilled).ends(drilled, 'HANDLER_FAILED').findings()).toHaveLength(1);
  });

  test('lets a task be tried as often as its agent says, with the permit of whenever it was', () => {
    const run = new Run().ran(flaky, 3);
    run.log.submitted(flaky.task);
    run.log.released(0.5, 1);
    run.endsNow(flaky.task, 'completed', plan.expectedOf(flaky), false, 3);
    expect(run.findings()).toEqual([]);
  });

  test('lets the engine turn tasks away where that is its business', () => {
    const adaptive = new ChaosPlan(5, SIZES.tiny, 'adaptive');
    expect(adaptive.endingsOf(adaptive.planOf(plain.task))).toEqual(['completed', 'rejected']);
    const streamed = ALL.find((task) => adaptive.isStreamed(task))!;
    expect(adaptive.endingsOf(adaptive.planOf(streamed))).toEqual(['completed']);
  });

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
      if (death !== 'injected') expect(deadly).toBeGreaterThanOrEqual(SIZES.tiny.deaths[death]);
    }
    expect(sizeOf(SIZES.full.tasks)).toEqual(SIZES.full);
  });

  test.each([1_000, 3_000, 4_000])(
    'of %i tasks has room for its deadly tasks, whatever the seed',
    (tasks) => {
      const { deaths } = sizeOf(tasks);
      for (let seed = 0; seed < 300; seed++) {
        const made = new ChaosPlan(seed, { tasks, deaths });
        const children = Array.from({ length: tasks }, (_, task) => made.kindOf(task).death).filter(
          (death) => death === 'child',
        );
        expect(children.length).toBeGreaterThanOrEqual(deaths.child);
      }
    },
  );

  test('says so if it has none', () => {
    const { deaths } = sizeOf(1_000_000);
    expect(() => new ChaosPlan(1, { tasks: 1_000, deaths })).toThrow(
      'chaos: no room for 1122 uncaught in 1000 tasks',
    );
  });

  test('cancels and refuses only what kills nobody', () => {
    const meddled = ALL.map((task) => plan.planOf(task)).filter((task) => task.cancels || task.refused);
    expect(meddled.length).toBeGreaterThan(0);
    for (const { kind } of meddled) expect(kind.death).toBeUndefined();
  });
});

function lostRun(): Run {
  const run = new Run().ran(plain);
  run.log.submitted(plain.task);
  return run;
}

function leftAlone(): Run {
  const run = new Run().ran(tagged);
  run.log.submitted(tagged.task);
  run.log.bulkCancelled(bulkBurst);
  run.log.turned();
  return run.endsNow(tagged.task, 'completed', plan.expectedOf(tagged), true, 1);
}

function twiceEnded(): Run {
  const run = new Run().ran(plain).ends(plain, 'completed', right);
  run.log.released(1, 2);
  run.log.ended(plain.task, 'completed', right, 1, 2, 1, 0);
  return run;
}

function permitTwice(): Run {
  const run = new Run().ran(plain).ends(plain, 'completed', right);
  run.log.released(0.125, 1);
  return run;
}
