import { describe, expect, onTestFinished, test } from 'vitest';
import { type Workflow, workflow } from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';

const run = (n: unknown) => n;
const over = () => [1];

test('two definitions of one id are refused by an engine, the same one built twice is not', async () => {
  const engine = await engineOf([]);
  onTestFinished(() => engine.close());
  const one = () => workflow('w').step('a', { run }).build();
  await (await engine.start(one(), 1)).result();
  await (await engine.start(one(), 1)).result();
  const other = workflow('w').step('b', { run }).build();
  await expect(engine.start(other, 1)).rejects.toMatchObject({
    code: 'WORKFLOW_INVALID',
    message: 'workflow "w": another definition of that id was started before; give one of them another id',
  });
});

describe('a definition', () => {
  test('cannot be changed, nor through what it was made of', () => {
    const after = ['m'];
    const items = [0];
    const minSuccess = { items };
    const definition = workflow('w')
      .map('m', { over, run, minSuccess })
      .step('a', { after: after as ['m'], retry: { attempts: 2 }, run })
      .build();
    after.push('a');
    items.push(99);
    const [map, step] = definition.steps;
    expect(step).toMatchObject({ after: ['m'] });
    expect(map).toMatchObject({ minSuccess: { items: [0] } });
    for (const part of [
      definition,
      definition.steps,
      map,
      step,
      step!.after,
      step!.retry,
      minSuccess === (map as never as { minSuccess: unknown }).minSuccess
        ? {}
        : (map as never as { minSuccess: object }).minSuccess,
    ]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  test('has a hash that stays, and that changes with everything that it says', () => {
    const base = () => workflow('w').map('m', { over, run }).step('a', { after: 'm', run }).build().hash;
    expect(base()).toBe(base());
    const others = [
      workflow('v').map('m', { over, run }).step('a', { after: 'm', run }),
      workflow('w', { onError: 'stop' }).map('m', { over, run }).step('a', { after: 'm', run }),
      workflow('w').map('m', { over, run }).step('a', { run }),
      workflow('w').map('m', { over, run }).step('b', { after: 'm', run }),
      workflow('w').map('m', { over, run, maxItems: 5 }).step('a', { after: 'm', run }),
      workflow('w')
        .map('m', { over, run: (n) => n * 2 })
        .step('a', { after: 'm', run }),
      workflow('w')
        .map('m', { over, run })
        .step('a', { after: 'm', run, onFailure: { value: 1 } }),
      workflow('w')
        .map('m', { over, run })
        .step('a', { after: 'm', run, onFailure: { value: 2 } }),
    ].map((builder) => (builder as { build(): Workflow }).build().hash);
    expect(new Set([base(), ...others]).size).toBe(others.length + 1);
  });

  test('is drawn with its shapes, conditions and undoing, whatever its names are', () => {
    const definition = workflow('w')
      .map('say "hi" <b>', { over, agent: 'a&b' })
      .reduce('r', { of: 'say "hi" <b>', run })
      .loop('l', { after: 'r', when: () => true, run, until: () => true })
      .wait('w', { after: 'l', signal: 'go' })
      .step('s', { after: ['l', 'w'], capability: 'writing', compensate: () => 1 })
      .build();
    expect(definition.toMermaid()).toBe(`flowchart TD
  s0[["say &quot;hi&quot; &lt;b&gt;<br/>map: a&amp;b"]]
  s1[/"r<br/>reduce: function"\\]
  s2("l<br/>loop: function")
  s3{{"w<br/>signal go"}}
  s4["s<br/>any writing"]
  s0 --> s1
  s1 -. when .-> s2
  s2 --> s3
  s2 --> s4
  s3 --> s4
  s4 -. undo .-x s4u(["undo"])
`);
  });

  test('is plain data for tools', () => {
    const definition = workflow('w')
      .map('m', { over, run })
      .reduce('r', { of: 'm', agent: 'a', minSuccess: 0.8 })
      .build();
    const json = JSON.parse(JSON.stringify(definition));
    expect(json).toMatchObject({
      id: 'w',
      hash: definition.hash,
      onError: 'continue',
      // What its only reduction does without, the map may do without.
      steps: [
        { kind: 'map', name: 'm', minSuccess: 0.8, work: { kind: 'function' } },
        { kind: 'reduce', name: 'r', of: 'm', minSuccess: 0.8, work: { kind: 'agent', agent: 'a' } },
      ],
    });
  });
});
