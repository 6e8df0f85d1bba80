/** What users may rely on of the types of workflows. Nothing runs this file: `npm run check` compiles it. */
import * as v from 'valibot';
import { createEngine, ioAgent, type Missing, workflow } from '../../src/index.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles if the two types are one and the same. */
declare function same<A, B>(proof: Same<A, B>): void;
declare const unknown: unknown;

const agents = [
  ioAgent('count', { run: async (text: string) => text.length }),
  ioAgent('double', { capabilities: ['math'], run: (n: number) => n * 2 }),
] as const;
const input = v.object({ topic: v.string() });

export function whatAStepSees(): void {
  workflow('w', { agents, input })
    .step('length', { agent: 'count', input: ({ input: { topic } }) => topic })
    .map('doubles', {
      after: 'length',
      over: ({ length }) => {
        same<typeof length, number>(true);
        return [length, length + 1];
      },
      capability: 'math',
    })
    .reduce('sum', {
      of: 'doubles',
      run: (values) => {
        same<typeof values, readonly number[]>(true);
        return values.length;
      },
    })
    .step('end', {
      after: ['length', 'sum'],
      run: (_, context) => {
        same<typeof context.length, number>(true);
        same<typeof context.sum, number>(true);
        same<typeof context.input.topic, string>(true);
        // @ts-expect-error: it is not in `after`
        context.doubles;
      },
    });
}

export function whatIsRefused(): void {
  const begun = workflow('w', { agents }).step('length', { agent: 'count' });
  // @ts-expect-error: no agent of that name
  begun.step('a', { agent: 'cuont' });
  // @ts-expect-error: no such capability
  begun.step('a', { capability: 'cooking' });
  // @ts-expect-error: not what the agent takes
  begun.step('a', { after: 'length', agent: 'count', input: ({ length }) => length });
  // @ts-expect-error: no such step
  begun.step('a', { after: 'lenght', run: () => 1 });
  // @ts-expect-error: no such option
  begun.step('a', { run: () => 1, onfailure: 'skip' });
  // @ts-expect-error: two who do it
  begun.step('a', { run: () => 1, agent: 'count' });
  // @ts-expect-error: no such step to reduce
  begun.reduce('a', { of: 'lengths', run: () => 1 });
}

export function whatMayBeMissing(): void {
  workflow('w')
    .step('maybe', { when: () => Math.PI > 3, run: () => 5 })
    .step('skipped', { onFailure: 'skip', run: () => 5 })
    .step('valued', { onFailure: { value: 'none' }, run: () => 5 })
    .map('all', { over: () => [1], run: (n: number) => n })
    .map('some', { over: () => [1], minSuccess: 0.5, run: (n: number) => n })
    .map('first', { over: () => [1], enough: { count: 1 }, run: (n: number) => n })
    .map('between', {
      over: () => [1],
      onFailure: { interpolate: (left: number, right: number) => `${left}${right}` },
      run: (n: number) => n,
    })
    .map('maybe all', { when: async () => false, over: () => [1], run: (n: number) => n })
    .reduce('loosened', {
      of: 'all',
      minSuccess: 0.5,
      run: (values) => {
        same<typeof values, readonly (number | Missing)[]>(true);
        return values.length;
      },
    })
    .reduce('maybe reduced', { of: 'maybe all', run: (values) => values.length })
    .step('see', {
      after: ['maybe', 'skipped', 'valued', 'some', 'first', 'between', 'maybe reduced'],
      run: (_, context) => {
        same<typeof context.maybe, number | Missing>(true);
        same<typeof context.skipped, number | Missing>(true);
        same<typeof context.valued, number | 'none'>(true);
        same<typeof context.some, readonly (number | Missing)[]>(true);
        same<typeof context.first, readonly (number | Missing)[]>(true);
        same<typeof context.between, readonly (number | string | Missing)[]>(true);
        same<(typeof context)['maybe reduced'], number | Missing>(true);
      },
    });
}

export async function whatAResultGives(): Promise<void> {
  await using engine = await createEngine({ agents });
  const inner = workflow('inner', { agents, input })
    .step('length', { agent: 'count', input: ({ input: { topic } }) => topic })
    .build();
  const definition = workflow('w')
    .step('nested', { workflow: inner, input: () => ({ topic: 'rain' }) })
    .step('taken', {
      after: 'nested',
      run: (_, { nested }) => {
        // It may have ended as partial.
        same<typeof nested.length, number | Missing>(true);
        return 1;
      },
    })
    .step('end', { after: 'taken', run: (taken: number) => String(taken) })
    .step('other', { run: () => 5 })
    .build();
  const run = await engine.start(definition, unknown);
  const result = await run.result();
  if (result.status === 'success') {
    same<typeof result.data.end, string>(true);
    same<typeof result.data.other, number>(true);
  } else {
    same<typeof result.data.end, string | Missing>(true);
  }
  // @ts-expect-error: another step takes it
  result.data.taken;
  // @ts-expect-error: not what the workflow takes
  await engine.start(inner, { topci: 'rain' });
}
