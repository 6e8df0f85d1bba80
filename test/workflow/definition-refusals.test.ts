import { describe, expect, test } from 'vitest';
import { ioAgent, type SpillwayError, type Workflow, workflow } from '../../src/index.ts';

const agents = [ioAgent('writer', { capabilities: ['writing'], run: (n: number) => n })] as const;
const run = (n: unknown) => n;
const over = () => [1];

/** A builder as JavaScript sees it: the compiler would refuse most of what is defined here. */
interface Loose {
  step(name: unknown, options: object): Loose;
  map(name: unknown, options: object): Loose;
  reduce(name: unknown, options: object): Loose;
  loop(name: unknown, options: object): Loose;
  wait(name: unknown, options: object): Loose;
  build(): Workflow;
}

/** What `build` says of a definition whose types are of no interest. */
function refusal(define: (w: Loose) => Loose, options: object = {}): string {
  try {
    define(workflow('w', options) as unknown as Loose).build();
  } catch (error) {
    expect(error).toMatchObject({ code: 'WORKFLOW_INVALID' });
    return (error as SpillwayError).message;
  }
  throw new Error('it was built');
}

describe('a workflow is refused when it is built', () => {
  test.each<[string, Parameters<typeof refusal>[0], string, object?]>([
    ['without steps', (w) => w, 'it has no steps; add one with .step()'],
    [
      'with a cycle, which is named in full',
      (w) =>
        w
          .step('start', { run })
          .step('a', { after: ['start', 'c'], run })
          .step('b', { after: 'a', run })
          .step('c', { after: 'b', run })
          .step('end', { after: 'c', run }),
      'steps need each other in a cycle: "a" -> "b" -> "c" -> "a"; take one of these out',
    ],
    ['with a step that needs itself', (w) => w.step('a', { after: 'a', run }), 'step "a" needs itself'],
    [
      'with a step that needs one that there is not',
      (w) => w.step('plan', { run }).step('b', { after: 'plann', run }),
      'step "b" needs "plann", which is no step; did you mean "plan"?',
    ],
    [
      'with two steps of one name',
      (w) => w.step('a', { run }).step('a', { run }),
      'two steps are named "a"; names have to differ',
    ],
    [
      'with a name that stands for something else',
      (w) => w.step('input', { run }),
      'step "input": that name stands for something else in functions of steps; choose another',
    ],
    ['with a name that parts paths', (w) => w.step('a/b', { run }), 'without "/", got \'a/b\''],
    [
      'with a reduction of what is no map',
      (w) => w.step('a', { run }).reduce('r', { of: 'a', run }),
      'step "r": of has to name a map, "a" is a task',
    ],
    [
      'with an agent that is not there',
      (w) => w.step('a', { agent: 'writr' }),
      'step "a" names the agent "writr", which is not registered; did you mean "writer"?',
      { agents },
    ],
    [
      'with a capability that is not there',
      (w) => w.step('a', { capability: 'cooking' }),
      'step "a" names the capability "cooking", which is not registered; there are "writing"',
      { agents },
    ],
    [
      'with an agent that is to undo and is not there',
      (w) => w.step('a', { run, compensate: { agent: 'undo' } }),
      'step "a, compensate" names the agent "undo"',
      { agents },
    ],
    [
      'with nobody who does it',
      (w) => w.step('a', {}),
      'exactly one of agent, capability, run, workflow, got undefined',
    ],
    ['with two who do it', (w) => w.step('a', { run, agent: 'x' }), "got 'agent and run'"],
    [
      'with an option that there is not',
      (w) => w.step('a', { run, onfailure: 'skip' }),
      'step "a": unknown option "onfailure"; did you mean "onFailure"?',
    ],
    [
      'with an option of another kind of step',
      (w) => w.step('a', { run, concurrency: 5 }),
      'step "a": unknown option "concurrency"; there are after, ',
    ],
    [
      'with an inner option that there is not',
      (w) => w.map('a', { over, run, enough: { cuont: 5 } }),
      'unknown option "enough.cuont"; did you mean "enough.count"?',
    ],
    [
      'with an option of its own that there is not',
      (w) => w.step('a', { run }),
      'unknown option "concurency"; did you mean "concurrency"?',
      { concurency: 1 },
    ],
    [
      'onError',
      (w) => w.step('a', { run }),
      "onError: expected 'stop' or 'continue', got 'halt'",
      { onError: 'halt' },
    ],
    [
      'concurrency',
      (w) => w.step('a', { run }),
      'concurrency: expected a whole number of at least 1, got 0',
      { concurrency: 0 },
    ],
    ['input', (w) => w.step('a', { run }), 'input: expected a Standard Schema, got 5', { input: 5 }],
    [
      'after',
      (w) => w.step('a', { after: 5, run }),
      'step "a", after: expected a step\'s name or a list of names, got 5',
    ],
    ['when', (w) => w.step('a', { when: true, run }), 'step "a", when: expected a function, got true'],
    [
      'onFailure',
      (w) => w.step('a', { onFailure: 'ignore', run }),
      "step \"a\", onFailure: expected 'fail', 'skip', 'escalate', 'interpolate', { value } or { interpolate }, got 'ignore'",
    ],
    [
      'onFailure of a step',
      (w) => w.step('a', { onFailure: 'interpolate', run }),
      'onFailure: expected no `interpolate`: it is for items of maps',
    ],
    [
      'retry',
      (w) => w.step('a', { retry: { attempts: 0 }, run }),
      'step "a", retry.attempts: expected a whole number from 1 to 1000, got 0',
    ],
    [
      'backoffMs',
      (w) => w.step('a', { retry: { backoffMs: -1 }, run }),
      'retry.backoffMs: expected a number of milliseconds of at least 0, got -1',
    ],
    [
      'timeoutMs',
      (w) => w.step('a', { timeoutMs: 0, run }),
      'timeoutMs: expected a number of milliseconds above 0, got 0',
    ],
    [
      'timeoutMs of an approval',
      (w) => w.wait('a', { approval: 'ok?', timeoutMs: 5 }),
      'timeoutMs: expected nothing: it is for signals, not for approvals, got 5',
    ],
    [
      'expectedMs',
      (w) => w.step('a', { expectedMs: '5', run }),
      "expectedMs: expected a number of milliseconds, got '5'",
    ],
    ['output', (w) => w.step('a', { output: {}, run }), 'output: expected a Standard Schema, got {}'],
    [
      'compensate',
      (w) => w.step('a', { compensate: 5, run }),
      'compensate: expected a function, or { agent }, got 5',
    ],
    [
      'maxDepth',
      (w) => w.step('a', { run }),
      'maxDepth: expected a whole number of at least 1, got 0',
      { maxDepth: 0 },
    ],
    ...[
      [{ attempts: 0 }, 'compensate.retry.attempts: expected a whole number from 1 to 1000, got 0'],
      [{ attempts: 2.5 }, 'compensate.retry.attempts: expected a whole number from 1 to 1000, got 2.5'],
      [
        { backoffMs: '5' },
        "compensate.retry.backoffMs: expected a number of milliseconds of at least 0, got '5'",
      ],
      [{ backoffMs: Number.NaN }, 'compensate.retry.backoffMs: expected a number of milliseconds'],
      [5, 'compensate.retry: expected { attempts, backoffMs }, got 5'],
      [
        { attemps: 2 },
        'unknown option "compensate.retry.attemps"; did you mean "compensate.retry.attempts"?',
      ],
    ].map(([retry, message]): [string, Parameters<typeof refusal>[0], string] => [
      `compensate.retry ${JSON.stringify(retry)}`,
      (w) => w.step('a', { compensate: { agent: 'undo', retry }, run }),
      message as string,
    ]),
    ['run', (w) => w.step('a', { run: 5 }), 'step "a", run: expected a function, got 5'],
    ['agent', (w) => w.step('a', { agent: 5 }), 'step "a", agent: expected an agent\'s name, got 5'],
    [
      'workflow',
      (w) => w.step('a', { workflow: {} }),
      'step "a", workflow: expected a workflow that was built, or a function that builds one, got {}',
    ],
    [
      'over',
      (w) => w.map('a', { over: [1], run }),
      'step "a", over: expected a function that gives the items',
    ],
    [
      'concurrency of a map',
      (w) => w.map('a', { over, run, concurrency: 1.5 }),
      'step "a", concurrency: expected a whole number of at least 1, got 1.5',
    ],
    [
      'maxItems',
      (w) => w.map('a', { over, run, maxItems: 0 }),
      'step "a", maxItems: expected a whole number of at least 1, got 0',
    ],
    [
      'minSuccess',
      (w) => w.map('a', { over, run, minSuccess: 80 }),
      'step "a", minSuccess: expected a share from 0 to 1, { count }, or { items: [...] }, got 80',
    ],
    [
      'enough',
      (w) => w.map('a', { over, run, enough: { quorum: 0 } }),
      'step "a", enough: expected { count } or { quorum }, a whole number of at least 1',
    ],
    [
      'fanIn',
      (w) => w.map('m', { over, run }).reduce('a', { of: 'm', run, fanIn: 1 }),
      'step "a", fanIn: expected a whole number of at least 2, got 1',
    ],
    [
      'using',
      (w) => w.map('m', { over, run }).reduce('a', { of: 'm', using: 5 }),
      'step "a", using: expected an aggregation such as stats(), without functions if on threads, got 5',
    ],
    ['until', (w) => w.loop('a', { run }), 'step "a", until: expected a function, got undefined'],
    [
      'max',
      (w) => w.loop('a', { run, until: () => true, max: 0 }),
      'step "a", max: expected a whole number of at least 1, got 0',
    ],
    [
      'ms',
      (w) => w.wait('a', { ms: -1 }),
      'step "a", ms: expected a number of milliseconds of at least 0, or a function, got -1',
    ],
    [
      'signal',
      (w) => w.wait('a', { signal: '' }),
      'step "a", signal: expected a text of 1 to 200 characters',
    ],
    [
      'approval',
      (w) => w.wait('a', { approval: 5 }),
      'step "a", approval: expected what a person is asked, a text or a function, got 5',
    ],
  ])('%s', (_, define, message, options) => {
    const said = refusal(define, options);
    expect(said).toContain(message);
    expect(said).toMatch(/^workflow "w": /);
  });

  test('with more steps than there may be', () => {
    let builder = workflow('w') as unknown as Loose;
    for (let n = 0; n <= 10_000; n++) builder = builder.step(`s${n}`, { run });
    expect(() => builder.build()).toThrow(
      'steps: expected at most 10000; use a map for work of one kind, got 10001',
    );
  });

  test('if workflows lie in each other too deep, however often one lies in another', () => {
    const nest = (inner: Workflow, depth: number) =>
      workflow(`depth ${depth}`)
        .step('a', { workflow: inner })
        .step('b', { workflow: inner })
        .step('c', { workflow: inner })
        .build();
    let inner: Workflow = workflow('depth 1').step('a', { run }).build();
    for (let depth = 2; depth <= 16; depth++) inner = nest(inner, depth);
    expect(() => nest(inner, 17)).toThrow(
      'workflows lie in each other more than 16 deep; use a loop, or raise maxDepth',
    );
  });
});
