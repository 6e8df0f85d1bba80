import { describe, expect, test } from 'vitest';
import { WORKFLOW_DEFAULTS } from '../../src/contract/workflow-definition.ts';
import { MemoryStore, type WorkflowEvent, workflow } from '../../src/index.ts';
import { EndedRuns } from '../../src/workflow/ended-runs.ts';
import type { Run } from '../../src/workflow/run.ts';
import { engineWith } from './gated-agent.ts';

/** Tells from where it is read. */
class ReadStore extends MemoryStore<WorkflowEvent> {
  readonly reads: number[] = [];

  override read(name: string, version: number): Iterable<WorkflowEvent> {
    this.reads.push(version);
    return super.read(name, version);
  }
}

const TURNS = 25_000;
const counting = workflow('counting')
  .loop('count', {
    input: () => 0,
    run: (n: number) => n + 1,
    until: ({ output }) => output === TURNS,
    max: TURNS,
  })
  .wait('go', { after: 'count', signal: 'go' })
  .build();

describe('what a long run keeps', () => {
  test('is its state every 10,000 events: a restart reads that, and the events after it', async () => {
    const { snapshotEvery } = WORKFLOW_DEFAULTS;
    const journal = new ReadStore();
    const engine = await engineWith([], { journal });
    const run = await engine.start(counting, 0, { id: 'long' });
    for await (const event of run.events(TURNS)) {
      if (event.type === 'step-started' && event.step === 'go') break;
    }
    const snapshot = journal.loadSnapshot('long')!;
    const events = [...journal.read('long', 0)];
    expect(snapshot.version).toBeGreaterThan(TURNS - snapshotEvery);
    expect(events[0]!.seq).toBeGreaterThan(snapshot.version - 2 * snapshotEvery);

    // The process dies, and this is what it had kept.
    const kept = new ReadStore();
    kept.append('long', 0, [...Array.from({ length: events[0]!.seq }, () => events[0]!), ...events]);
    kept.saveSnapshot('long', snapshot);
    const other = await engineWith([], { journal: kept });
    const again = await other.start(counting, 0, { id: 'long' });
    expect(kept.reads).toEqual([snapshot.version]);
    await again.signal('go', 'on');
    expect((await again.result()).data).toEqual({ go: 'on' });
  });

  test('may not be kept as data, and the run goes on all the same', async () => {
    const journal = new MemoryStore();
    const engine = await engineWith([], { journal });
    const definition = workflow('odd')
      .step('function', { run: () => () => 1 })
      .loop('count', { run: () => 1, until: ({ turn }) => turn === 11_000, max: 11_000 })
      .build();
    const run = await engine.start(definition, 0, { id: 'odd' });
    expect((await run.result()).status).toBe('success');
    expect(journal.loadSnapshot('odd')).toBe(undefined);
  });
});

describe('runs that have ended', () => {
  const run = (id: string, version: number) =>
    ({ plan: { steps: [] }, state: { run: id, succeeded: 0, failed: 0, version } }) as unknown as Run;
  const { endedRuns, endedSize } = WORKFLOW_DEFAULTS;

  test('are known up to a number, the first to end is the first to be forgotten', () => {
    const ended = new EndedRuns();
    for (let at = 0; at < endedRuns; at++) expect(ended.add(run(`${at}`, 1))).toEqual([]);
    expect(ended.add(run('0', 1))).toEqual([]);
    expect(ended.add(run('more', 1))).toEqual(['1']);
  });

  test('are known up to a size together; the last one stays, however large', () => {
    const ended = new EndedRuns();
    expect(ended.add(run('a', endedSize / 2))).toEqual([]);
    expect(ended.add(run('b', endedSize / 2))).toEqual([]);
    expect(ended.add(run('c', 1))).toEqual(['a']);
    expect(ended.add(run('d', 2 * endedSize))).toEqual(['b', 'c']);
    expect(ended.add(run('e', 1))).toEqual(['d']);
  });

  test('and were forgotten may be started again; their handles still have their result', async () => {
    const engine = await engineWith([]);
    const definition = workflow('small')
      .step('a', { run: (n) => n })
      .build();
    const first = await engine.start(definition, 1, { id: 'first' });
    await first.result();
    for (let at = 0; at < endedRuns; at++) await (await engine.start(definition, at)).result();
    expect(engine.workflowRun('first')).toBe(undefined);
    expect(await first.result()).toMatchObject({ data: { a: 1 } });
    for await (const { type } of first.events()) throw new Error(`it still has ${type}`);
    expect(await engine.start(definition, 2, { id: 'first' })).not.toBe(first);
  });
});
