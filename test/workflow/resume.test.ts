import { describe, expect, test } from 'vitest';
import type { RunSnapshot } from '../../src/index.ts';
import { MemoryStore, workflow } from '../../src/index.ts';
import { engineWith } from './gated-agent.ts';

const older = () =>
  workflow('report')
    .step('plan', { run: () => 'plan' })
    .wait('go', { after: 'plan', signal: 'go' })
    .step('write', { after: 'go', run: (go) => `old ${String(go)}` })
    .build();
const newer = () =>
  workflow('report')
    .step('outline', { run: () => 'outline' })
    .wait('go', { after: 'outline', signal: 'go' })
    .step('write', { after: 'go', run: (go) => `new ${String(go)}` })
    .step('print', { after: 'write', run: (write) => `printed ${String(write)}` })
    .build();
const renamed = ({ steps: { plan, ...steps }, ...snapshot }: RunSnapshot): RunSnapshot => ({
  ...snapshot,
  steps: { ...steps, outline: plan! },
});

/** A run that waits for its signal, stopped. */
async function stoppedRun(journal: MemoryStore, id = 'run-1') {
  const engine = await engineWith([], { journal });
  const run = await engine.start(older(), 'rain', { id });
  for await (const { step } of run.results()) if (step === 'plan') break;
  return { engine, run, token: await run.stop() };
}

const refused = (part: string | RegExp) => ({
  code: 'WORKFLOW_TOKEN',
  message: expect.stringMatching(part),
});

describe('a token', () => {
  test('of another run or another workflow is refused, and so is one that is damaged', async () => {
    const journal = new MemoryStore();
    const { engine, run, token } = await stoppedRun(journal);
    const { run: other } = await stoppedRun(journal, 'run-2');
    const stranger = workflow('stranger')
      .step('a', { run: () => 1 })
      .build();
    await expect(other.resume(token)).rejects.toMatchObject(
      refused('it is of run "run-1", this is run "run-2"'),
    );
    await expect(engine.resume(stranger, token)).rejects.toMatchObject(
      refused('it is of workflow "report", got "stranger"'),
    );
    await expect(engine.resume(older(), token.slice(0, -3))).rejects.toMatchObject(
      refused('truncated or changed'),
    );
    await expect(run.resume(`${token}A`)).rejects.toMatchObject(refused('truncated or changed'));
    await expect(engine.resume(older(), 7 as never)).rejects.toMatchObject(refused('got 7'));
    await expect(engine.resume('report' as never, token)).rejects.toMatchObject({ code: 'WORKFLOW_INVALID' });
    expect(run.state).toBe('stopped');
  });

  test('of a run that the journal does not have, or has less of, is refused', async () => {
    const { run, token } = await stoppedRun(new MemoryStore());
    const empty = await engineWith([]);
    await expect(empty.resume(older(), token)).rejects.toMatchObject(
      refused('no run "run-1" in the journal'),
    );
    await run.resume();
    await run.signal('go');
    await run.result();
    const later = await run.checkpoint();
    const shorter = new MemoryStore();
    await stoppedRun(shorter);
    const engine = await engineWith([], { journal: shorter });
    await expect(engine.resume(older(), later)).rejects.toMatchObject(
      refused(/after \d+ events .* \d+ are kept/),
    );
  });

  test('of a changed definition is refused, with what has changed', async () => {
    const journal = new MemoryStore();
    const { token } = await stoppedRun(journal);
    const engine = await engineWith([], { journal });
    await expect(engine.resume(newer(), token)).rejects.toMatchObject(
      refused('added "outline", "print"; removed "plan"; changed "go", "write"'),
    );
  });

  test('of a changed definition is migrated by a function', async () => {
    const journal = new MemoryStore();
    const { token } = await stoppedRun(journal);
    const engine = await engineWith([], { journal });
    const hashes: string[] = [];
    const run = await engine.resume(newer(), token, {
      migrate: (snapshot, from) => {
        hashes.push(from, snapshot.hash);
        return renamed(snapshot);
      },
    });
    expect(hashes).toEqual([older().hash, older().hash]);
    expect(['outline', 'go', 'write', 'print'].map((name) => run.step(name))).toEqual([
      'succeeded',
      'running',
      'waiting',
      'waiting',
    ]);
    await run.signal('go', 'now');
    expect((await run.result()).data).toEqual({ print: 'printed new now' });
    // It is of the new definition from now on, for every engine.
    const other = await engineWith([], { journal });
    expect((await (await other.start(newer(), 'rain', { id: 'run-1' })).result()).status).toBe('success');
  });

  test('is migrated on the engine that has stopped the run, too, whose handle then says so', async () => {
    const { engine, run, token } = await stoppedRun(new MemoryStore());
    const again = await engine.resume(newer(), token, { migrate: renamed });
    expect(again).not.toBe(run);
    await expect(run.result()).rejects.toThrow('goes on with another definition');
    await again.signal('go', 'now');
    expect((await again.result()).data).toEqual({ print: 'printed new now' });
  });

  test.each([
    ['nothing', () => undefined, 'expected it to give a snapshot, got undefined'],
    ['a state of a step that there is not', (snapshot: RunSnapshot) => snapshot, 'step "plan", which'],
    ['half a snapshot', () => ({ steps: {} }), 'something that is no snapshot'],
  ])('whose migration gives %s is refused', async (_what, migrate, message) => {
    const journal = new MemoryStore();
    const { token } = await stoppedRun(journal);
    const engine = await engineWith([], { journal });
    await expect(engine.resume(newer(), token, { migrate: migrate as never })).rejects.toMatchObject(
      refused(message),
    );
    expect((await engine.resume(newer(), token, { migrate: renamed })).state).toBe('running');
  });

  test('cannot be had of a run whose outputs cannot be kept; the message says which', async () => {
    const definition = workflow('function')
      .step('f', { run: () => ({ of: () => 1 }) })
      .build();
    const engine = await engineWith([]);
    const run = await engine.start(definition, 0);
    await run.result();
    await expect(run.checkpoint()).rejects.toThrow(
      'the output of step "f".of is a function, which cannot be kept',
    );
  });
});
