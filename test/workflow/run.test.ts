import { describe, expect, onTestFinished, test } from 'vitest';
import type { Agent } from '../../src/contract/agent.ts';
import { createEngine, ioAgent, isMissing, type StepResult, workflow } from '../../src/index.ts';

const planner = ioAgent('planner', {
  run: async (topic: string) => ({ questions: [`${topic}?`, 'bad', `${topic}!`] }),
});
const research = ioAgent('research', {
  capabilities: ['research'],
  run: async (question: string) => {
    if (question === 'bad') throw new Error('no answer');
    return question.length;
  },
});
const merge = ioAgent('merge', {
  run: async (all: readonly unknown[]) => ({
    total: all.length,
    missing: all.filter((value) => isMissing(value)).length,
  }),
});
const agents = [planner, research, merge] as const;

async function engineWith<const A extends readonly Agent[]>(all: A) {
  const engine = await createEngine({ agents: all });
  onTestFinished(() => engine.close({ timeoutMs: 1 }));
  return engine;
}

const report = () =>
  workflow('report', { agents })
    .step('plan', { agent: 'planner', input: ({ input }) => String(input) })
    .map('research', {
      after: 'plan',
      over: ({ plan }) => plan.questions,
      capability: 'research',
      onFailure: 'skip',
    })
    .reduce('facts', { of: 'research', agent: 'merge', minSuccess: 0.5 })
    .build();

describe('a run', () => {
  test('hands outputs on, goes on without what failed, and marks it', async () => {
    const engine = await engineWith(agents);
    const run = await engine.start(report(), 'rain');
    const seen: StepResult[] = [];
    for await (const result of run.results()) seen.push(result);
    const result = await run.result();
    expect(result.status).toBe('partial');
    expect(result.data.facts).toEqual({ total: 3, missing: 1 });
    expect(result.errors).toEqual([
      expect.objectContaining({ step: 'research', item: 1, code: 'HANDLER_FAILED', retryable: true }),
    ]);
    expect(result.metadata).toMatchObject({ agents: ['merge', 'planner', 'research'], tasks: 5 });
    expect(seen.map(({ step, item, status }) => `${step} ${item ?? ''} ${status}`)).toEqual([
      'plan  succeeded',
      'research 0 succeeded',
      'research 2 succeeded',
      'research 1 failed',
      'research  succeeded',
      'facts  succeeded',
    ]);
  });

  test('of an id that is known is the same run; with another input it is refused', async () => {
    const engine = await engineWith(agents);
    const definition = report();
    const run = await engine.start(definition, 'rain', { id: 'report-1' });
    expect(await engine.start(definition, 'rain', { id: 'report-1' })).toBe(run);
    await expect(engine.start(definition, 'snow', { id: 'report-1' })).rejects.toMatchObject({
      code: 'WORKFLOW_CONFLICT',
      message: expect.stringContaining('another input'),
    });
    await run.result();
  });
});
