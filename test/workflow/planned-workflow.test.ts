import { describe, expect, onTestFinished, test } from 'vitest';
import { ioAgent, planned, planSchema, type Workflow, type WorkflowPlan, workflow } from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';

const PLAN: WorkflowPlan = {
  steps: [
    { name: 'find', agent: 'search', input: { about: { from: 'input', path: 'topic' }, most: 2 } },
    { name: 'read', capability: 'reading', over: { from: 'find', path: 'pages' }, onFailure: 'skip' },
    { name: 'note', agent: 'search', over: ['a', 'b'], input: { about: 'notes' } },
    { name: 'end', agent: 'join', after: ['note'], input: [{ from: 'read' }, { from: 'note' }] },
  ],
};

/** An engine whose planner gives what it is told, one plan after the other. */
async function engineWith(...plans: readonly unknown[]) {
  let asked = 0;
  const engine = await engineOf([
    ioAgent('planner', { run: async () => plans[asked++] }),
    ioAgent('search', {
      run: async ({ about, most = 1 }: { about: string; most?: number }) => ({
        pages: Array.from({ length: most }, (_, n) => `${about} ${n}`),
      }),
    }),
    ioAgent('reader', { capabilities: ['reading'], run: async (page: string) => `read ${page}` }),
    ioAgent('join', { run: async (all: unknown) => JSON.stringify(all) }),
  ]);
  onTestFinished(() => engine.close());
  return { engine, asked: () => asked };
}

const limits = { agents: ['search', 'join'], capabilities: ['reading'], maxSteps: 4 };
const withPlanner = (attempts = 1) =>
  workflow('with planner')
    .step('plan', { agent: 'planner', output: planSchema(limits), retry: { attempts, backoffMs: 0 } })
    .step('work', {
      after: 'plan',
      input: ({ plan, input }) => ({ ...(plan as WorkflowPlan), input }),
      workflow: planned,
    })
    .build();

/** A plan of one step. */
const one = (step: object) => ({ steps: [{ name: 'a', agent: 'join', ...step }] });

describe('a plan', () => {
  test('is run: outputs, and parts of them, go where it refers to them', async () => {
    const { engine } = await engineWith(PLAN);
    const run = await engine.start(withPlanner(), { topic: 'rain' });
    const result = await run.result();
    expect(result.errors).toEqual([]);
    expect(result.data).toEqual({
      work: {
        end: JSON.stringify([
          ['read rain 0', 'read rain 1'],
          [{ pages: ['notes 0'] }, { pages: ['notes 0'] }],
        ]),
      },
    });
    expect(result.metadata).toMatchObject({ tasks: 7, agents: ['join', 'planner', 'reader', 'search'] });
    // It is the output of a step: whoever replays the events has the same plan.
    for await (const event of run.events()) {
      if (event.type === 'step-succeeded' && event.step === 'plan') expect(event.output).toEqual(PLAN);
    }
  });

  test('may be another one in each run of the workflow', async () => {
    const other: WorkflowPlan = { steps: [{ name: 'only', agent: 'join', input: 5 }] };
    const { engine } = await engineWith(PLAN, other);
    const definition = withPlanner();
    expect((await (await engine.start(definition, {})).result()).status).toBe('success');
    expect((await (await engine.start(definition, {})).result()).data).toEqual({ work: { only: '5' } });
  });

  test('that is nonsense is asked for again by retry', async () => {
    const { engine, asked } = await engineWith('I will search first', { steps: [] }, PLAN);
    const result = await (await engine.start(withPlanner(3), { topic: 'rain' })).result();
    expect(result).toMatchObject({ status: 'success', metadata: { retries: 2 } });
    expect(asked()).toBe(3);
  });

  test('reaches no further than the data that it is given', async () => {
    const input = [
      { from: 'input', path: 'constructor.name' },
      { from: 'input', path: 'a.b.c' },
    ];
    const { engine } = await engineWith(one({ input }));
    const { data } = await (await engine.start(withPlanner(), { a: 1 })).result();
    expect(data).toEqual({ work: { a: '[null,null]' } });
  });
});

describe('a plan that fails the step of the planner, and of which nothing is run, is', () => {
  const five = Array.from({ length: 5 }, (_, n) => ({ name: `${n}`, agent: 'join' }));
  test.each<[unknown, string]>([
    [undefined, ': expected a plan, { steps: [...] }, got undefined'],
    ['search, then read', ": expected a plan, { steps: [...] }, got 'search, then read'"],
    [{ steps: [] }, ' at steps: expected a list of steps, got []'],
    [{ steps: ['search'] }, " at steps.0: expected a step, { name, agent, ... }, got 'search'"],
    [{ steps: five }, ' at steps: expected at most 4 steps, got 5'],
    [one({ name: 5 }), ' at steps.0.name: expected a text, got 5'],
    [one({ name: 'input' }), 'step "input": that name stands for something else'],
    [one({ agent: 'serch' }), `agent: expected one of "search", "join", got 'serch'; did you mean "search"?`],
    // It is registered, and not allowed.
    [one({ agent: 'planner' }), ` at steps.0.agent: expected one of "search", "join", got 'planner'`],
    [
      one({ agent: undefined, capability: 'cooking' }),
      `capability: expected one of "reading", got 'cooking'`,
    ],
    [one({ capability: 'reading' }), ' at steps.0: expected exactly one of agent and capability'],
    [one({ run: 'process.exit()' }), ' at steps.0.run: expected only name, agent'],
    [one({ after: 'b' }), " at steps.0.after: expected a list of names of steps, got 'b'"],
    [one({ after: ['b'] }), 'step "a" needs "b", which is no step'],
    [one({ input: { deep: [{ from: 'b' }] } }), 'step "a" needs "b", which is no step'],
    [one({ over: 5 }), " at steps.0.over: expected a list, or { from: 'step' }, got 5"],
    [one({ onFailure: 'explode' }), " at steps.0.onFailure: expected 'fail' or 'skip', got 'explode'"],
    [
      {
        steps: [
          { name: 'a', agent: 'join', after: ['b'] },
          { name: 'b', agent: 'join', input: { from: 'a' } },
        ],
      },
      'steps need each other in a cycle: "a" -> "b" -> "a"',
    ],
    [{ steps: [five[0], five[0]] }, 'two steps are named "0"'],
  ])('%j', async (plan, message) => {
    const { engine } = await engineWith(plan);
    const { status, errors, metadata } = await (await engine.start(withPlanner(), {})).result();
    expect(status).toBe('failed');
    expect(errors).toMatchObject([{ step: 'plan', code: 'STEP_FAILED', retryable: true }]);
    expect(errors[0]!.message).toContain('the output of step "plan" does not match its schema');
    expect(errors[0]!.message).toContain(message);
    expect(metadata.tasks).toBe(1);
  });
});

describe('a planner', () => {
  /** Writes nonsense until it is told what is wrong with it. */
  function learner(most: number) {
    const told: (string | undefined)[] = [];
    const definition = workflow('with learner')
      .step('plan', {
        agent: 'learner',
        input: ({ input }, lastError) => ({ task: input, wrong: lastError?.message }),
        output: planSchema(limits),
        retry: { attempts: most, backoffMs: 0 },
      })
      .step('work', { after: 'plan', input: ({ plan }) => plan as WorkflowPlan, workflow: planned })
      .build();
    const agent = ioAgent('learner', {
      run: async ({ wrong }: { wrong: string | undefined }) => {
        told.push(wrong);
        if (wrong === undefined) return 'first I search';
        if (wrong.includes('expected a plan'))
          return { steps: [{ name: 'a', agent: 'serch' }, { nam: 'b' }] };
        return { steps: [{ name: 'a', agent: 'join', input: 7 }] };
      },
    });
    return { definition, agent, told };
  }

  async function start(most: number) {
    const { definition, agent, told } = learner(most);
    const engine = await engineOf([
      agent,
      ioAgent('join', { run: async (all: unknown) => JSON.stringify(all) }),
    ]);
    onTestFinished(() => engine.close());
    return { engine, told, run: await engine.start(definition, 'rain') };
  }

  test('that is tried again is told all that was wrong with its plan, and mends it', async () => {
    const { run, told } = await start(3);
    expect(await run.result()).toMatchObject({ status: 'success', data: { work: { a: '7' } }, errors: [] });
    expect(told).toEqual([
      undefined,
      expect.stringContaining("expected a plan, { steps: [...] }, got 'first I search'"),
      expect.stringMatching(
        /steps\.0\.agent: expected one of .* did you mean "search"\?; at steps\.1\.nam: expected only name/,
      ),
    ]);
  });

  test('is tried no more often than retry says, and by a person again, with what was wrong', async () => {
    const { run, told } = await start(2);
    const { status, errors } = await run.result();
    expect([status, errors.length, told.length]).toEqual(['failed', 1, 2]);
    await run.retry('plan');
    expect((await run.result()).status).toBe('success');
    expect(told).toHaveLength(3);
    expect(told[2]).toContain('steps.0.agent');
  });

  test('whose plans plan again comes to its end at maxDepth', async () => {
    let made = 0;
    const planAgain = (depth: number): Workflow => {
      made++;
      return workflow(`depth ${depth}`, { maxDepth: depth === 0 ? 3 : 16 })
        .step('again', { workflow: () => planAgain(depth + 1), retry: { attempts: 5, backoffMs: 0 } })
        .build();
    };
    const { engine } = await start(1);
    const { status, errors } = await (await engine.start(planAgain(0), 0)).result();
    expect(status).toBe('failed');
    expect(errors[0]!.message).toContain('got "depth 3" beyond the maxDepth of one of them');
    expect(errors[0]!.retryable).toBe(false);
    expect(made).toBe(4);
  });
});

test('a function that makes no workflow fails its step', async () => {
  const { engine } = await engineWith();
  const definition = workflow('makes none')
    .step('a', { workflow: (() => 5) as never })
    .build();
  const { errors } = await (await engine.start(definition, 1)).result();
  expect(errors).toMatchObject([
    { step: 'a', message: expect.stringContaining('expected a workflow that was built, got 5') },
  ]);
});
