import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryStore, type StepError, type WorkflowEvent, workflow } from '../../src/index.ts';
import { type Command, decide } from '../../src/workflow/decide.ts';
import { evolve, stateBefore } from '../../src/workflow/evolve.ts';
import { firstEvents } from '../../src/workflow/fork.ts';
import { type Plan, planOf } from '../../src/workflow/plan.ts';
import { RunLog } from '../../src/workflow/run-log.ts';
import { fromSnapshot, toSnapshot } from '../../src/workflow/snapshot.ts';
import { stableHash } from '../../src/workflow/stable-hash.ts';
import type { RunState } from '../../src/workflow/state.ts';

/** A step of every kind, saga and all; nothing of it is called: the commands are the world. */
const everyKind = (onError: 'stop' | 'continue') =>
  workflow('kinds', { onError })
    .step('task', { run: () => 1, retry: { attempts: 3 }, compensate: () => undefined })
    .map('map', { over: () => [], run: () => 1, minSuccess: 0.2, compensate: () => undefined })
    .map('asks', { after: 'task', over: () => [], run: () => 1, onFailure: 'escalate' })
    .reduce('sum', { of: 'map', run: () => 1 })
    .loop('loop', { run: () => 1, until: () => true })
    .wait('wait', { after: 'loop', signal: 'go' })
    .wait('approval', { approval: 'may we?' })
    .step('last', { after: ['sum', 'wait', 'task'], run: () => 1, onFailure: { value: 'none' } })
    .build();

const STEPS = 8;
const value = fc.oneof(
  fc.constant(undefined),
  fc.integer(),
  fc.date(),
  fc.dictionary(fc.string(), fc.bigInt()),
);
const item = fc.nat(5);

function error(step: string, at?: number): StepError {
  return {
    step,
    ...(at !== undefined && { item: at }),
    code: 'STEP_FAILED',
    message: 'no',
    suggestion: 'none',
    retryable: true,
  };
}

/** What may be said to a run; whether it makes sense there is for `decide` to say. */
const command = (plan: Plan): fc.Arbitrary<(state: RunState) => Command> => {
  const step = fc.nat(STEPS - 1);
  const nameOf = (index: number): string => plan.steps[index]!.definition.name;
  const spent = fc.constantFrom(undefined, { tasks: 2, agents: ['a', 'b'], costUsd: 0.5 });
  return fc.oneof(
    { weight: 8, arbitrary: step.map((of) => () => ({ type: 'begin', step: of }) as const) },
    {
      weight: 8,
      arbitrary: fc.tuple(step, value, fc.boolean(), spent).map(
        ([of, output, ok, used]) =>
          (state: RunState): Command => ({
            type: 'done',
            step: of,
            attempt: state.steps[of]!.attempt,
            result: ok ? { ok, output, spent: used } : { ok, error: error(nameOf(of)), spent: used },
          }),
      ),
    },
    {
      weight: 6,
      arbitrary: fc.tuple(fc.constantFrom(1, 2), item, value, fc.boolean()).map(
        ([of, at, output, ok]) =>
          (): Command => ({
            type: 'items',
            step: of,
            report: {
              items: ok ? [at] : [],
              values: ok ? [output] : [],
              failures: ok ? [] : [error(nameOf(of), at)],
            },
            spent: undefined,
          }),
      ),
    },
    fc.constantFrom(1, 2).map((of) => (): Command => ({ type: 'counted', step: of, count: 6 })),
    value.map((output) => (): Command => ({ type: 'turn', step: 4, output, spent: undefined })),
    fc.constant((): Command => ({ type: 'timer', step: 5, dueAtMs: 99 })),
    fc.constant((): Command => ({ type: 'ask', step: 6, ask: 'may we?' })),
    value.map((of) => (): Command => ({ type: 'signal', signal: 'go', value: of })),
    step.map((of) => (): Command => ({ type: 'undone', step: of, error: undefined, spent: undefined })),
    step.map(
      (of) => (): Command => ({ type: 'undone', step: of, error: error(nameOf(of)), spent: undefined }),
    ),
    step.map((of) => (): Command => ({ type: 'retry', step: of })),
    fc.tuple(step, value).map(
      ([of, with_]) =>
        (): Command => ({ type: 'skip', step: of, value: with_ }),
    ),
    fc.tuple(step, fc.option(item, { nil: undefined })).map(
      ([of, at]) =>
        (): Command => ({
          type: 'answer',
          step: of,
          item: at,
          answer: { value: at },
        }),
    ),
    fc.tuple(step, fc.constantFrom('cancel' as const, 'reassign' as const)).map(
      ([of, dependents]) =>
        (): Command => ({ type: 'cancel step', step: of, dependents }),
    ),
    fc
      .constantFrom('pause' as const, 'resume' as const, 'stop' as const, 'idle' as const, 'cancel' as const)
      .map((type) => (): Command => ({ type })),
    fc.constant((): Command => ({ type: 'restart', hash: plan.workflow.hash })),
  );
};

describe('a snapshot', () => {
  test.each(['stop', 'continue'] as const)(
    'carried as JSON gives the state that replaying the events gives, at every moment (%s)',
    (onError) => {
      const plan = planOf(everyKind(onError));
      fc.assert(
        fc.property(fc.array(command(plan), { maxLength: 60 }), (commands) => {
          const store = new MemoryStore<WorkflowEvent>();
          const state = stateBefore(plan);
          state.run = 'run-1';
          let atMs = 0;
          const log = new RunLog(
            { plan, state, store, wallNow: () => atMs++ },
            () => undefined,
            () => undefined,
          );
          log.commit(firstEvents(plan, 'run-1', { of: new Map([[1, undefined]]) }));
          for (const next of commands) {
            try {
              const bodies = decide(plan, state, next(state));
              if (bodies.length > 0) log.commit(bodies);
            } catch (thrown) {
              if (!(thrown instanceof Error && 'code' in thrown)) throw thrown;
            }
            const back = fromSnapshot(plan, JSON.parse(JSON.stringify(toSnapshot(plan, state))));
            expect(stableHash(back)).toBe(stableHash(state));
          }
          const replayed = stateBefore(plan);
          for (const event of store.read('run-1', 0)) evolve(plan, replayed, event);
          expect(stableHash(replayed)).toBe(stableHash(state));
        }),
        { numRuns: 500 },
      );
    },
  );
});
