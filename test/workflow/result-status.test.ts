import { describe, expect, onTestFinished, test } from 'vitest';
import { isMissing, type Workflow, type WorkflowRun, workflow } from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';

const fails = () => {
  throw new Error('no');
};
const works = () => 'ok';

async function endOf(
  definition: Workflow,
  drive: (run: WorkflowRun) => Promise<unknown> = async () => undefined,
) {
  const engine = await engineOf([]);
  onTestFinished(() => engine.close());
  const run = await engine.start(definition, undefined);
  await drive(run);
  return run.result();
}

const waiting = () => workflow('w').step('a', { run: works }).wait('b', { signal: 'go' });

describe('the status of a result', () => {
  test.each<[string, 'success' | 'partial' | 'failed', Workflow, ((run: WorkflowRun) => Promise<unknown>)?]>([
    ['all succeeded', 'success', workflow('w').step('a', { run: works }).build()],
    [
      'a condition did not hold',
      'success',
      workflow('w')
        .step('a', { when: () => false, run: works })
        .build(),
    ],
    [
      'a reduction of a map that was not run',
      'success',
      workflow('w')
        .map('m', { when: () => false, over: () => [1], run: works })
        .reduce('r', { of: 'm', run: (all) => all.length })
        .build(),
    ],
    ['the only sink failed', 'failed', workflow('w').step('a', { run: fails }).build()],
    [
      'one of two sinks failed',
      'partial',
      workflow('w').step('a', { run: fails }).step('b', { run: works }).build(),
    ],
    [
      'a failure ended the run',
      'failed',
      workflow('w', { onError: 'stop' })
        .step('b', { run: works })
        .step('a', { after: 'b', run: fails })
        .build(),
    ],
    [
      'a failure that is skipped, and what needs it goes on',
      'partial',
      workflow('w')
        .step('a', { onFailure: 'skip', run: fails })
        .step('b', { after: 'a', run: isMissing })
        .build(),
    ],
    [
      'a failure that is skipped, and nothing else',
      'failed',
      workflow('w').step('a', { onFailure: 'skip', run: fails }).build(),
    ],
    [
      'a value stands in',
      'partial',
      workflow('w')
        .step('a', { onFailure: { value: 1 }, run: fails })
        .build(),
    ],
    ['the run was cancelled', 'failed', waiting().build(), (run) => run.cancel()],
    ['a step was cancelled', 'partial', waiting().build(), (run) => run.cancel({ steps: ['b'] })],
    [
      'a step was cancelled, and what needs it runs without',
      'partial',
      waiting().step('c', { after: 'b', run: works }).build(),
      (run) => run.cancel({ steps: ['b'], dependents: 'reassign' }),
    ],
    ['a person skipped a step', 'partial', waiting().build(), (run) => run.skip('b')],
    ['a person gave its value', 'success', waiting().build(), (run) => run.skip('b', { value: 1 })],
  ])('if %s: %s', async (_, status, definition, drive) => {
    const result = await endOf(definition, drive);
    expect(result.status).toBe(status);
    // Whatever happened: a step that no other takes is in the data, or its mark is.
    const taken = new Set(
      definition.steps.flatMap((step) => [...step.after, step.kind === 'reduce' ? step.of : '']),
    );
    const sinks = definition.steps.map(({ name }) => name).filter((name) => !taken.has(name));
    expect(Object.keys(result.data as object)).toEqual(sinks);
  });

  test('counts what failed and is skipped among the failures', async () => {
    const definition = workflow('w')
      .step('a', { onFailure: 'skip', run: fails })
      .step('b', { run: works })
      .step('c', { when: () => false, run: works })
      .build();
    expect((await endOf(definition)).metadata.successRate).toBe(0.5);
  });
});

describe('a function of the user that throws', () => {
  test.each([
    ['input', workflow('w').step('a', { input: fails, run: works }).build()],
    ['when', workflow('w').step('a', { when: fails, run: works }).build()],
    [
      'when',
      workflow('w')
        .step('a', { when: async () => fails(), run: works })
        .build(),
    ],
    ['the function', workflow('w').step('a', { run: fails }).build()],
    ['over', workflow('w').map('a', { over: fails, run: works }).build()],
    ['until', workflow('w').loop('a', { until: fails, run: works }).build()],
    ['ms', workflow('w').wait('a', { ms: fails }).build()],
    ['approval', workflow('w').wait('a', { approval: fails }).build()],
  ])('%s: fails its step, and is named', async (name, definition) => {
    const { status, errors } = await endOf(definition);
    expect(status).toBe('failed');
    expect(errors).toMatchObject([
      { step: 'a', code: 'STEP_FAILED', message: `${name} of step "a": Error: no` },
    ]);
  });

  test.each([
    [
      'when',
      'expected true or false, got undefined',
      workflow('w')
        .step('a', { when: (() => undefined) as never, run: works })
        .build(),
    ],
    [
      'until',
      "expected true or false, got 'yes'",
      workflow('w')
        .loop('a', { until: (() => 'yes') as never, run: works })
        .build(),
    ],
    [
      'ms',
      'expected a number of milliseconds, got soon',
      workflow('w')
        .wait('a', { ms: (() => 'soon') as never })
        .build(),
    ],
    [
      'approval',
      'expected a text, got 5',
      workflow('w')
        .wait('a', { approval: (() => 5) as never })
        .build(),
    ],
  ])('%s: or gives nonsense, likewise', async (name, why, definition) => {
    const { errors } = await endOf(definition);
    expect(errors[0]!.message).toContain(`${name} of step "a": `);
    expect(errors[0]!.message).toContain(why);
  });

  test('is followed by what onFailure says, also where it is the condition', async () => {
    const definition = workflow('w')
      .step('a', { when: fails, onFailure: { value: 'instead' }, run: works })
      .step('b', { when: () => true, after: 'a', run: (a) => a })
      .build();
    expect(await endOf(definition)).toMatchObject({ status: 'partial', data: { b: 'instead' } });
  });
});
