import { afterEach, describe, expect, it } from 'vitest';
import type { Limit } from '../../src/index.ts';
import {
  type Engine,
  type EngineEvents,
  fileOverflow,
  ioAgent,
  type OverflowEntry,
  type OverflowPort,
  type OverflowSink,
} from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';
import { temporaryFolder } from '../fixtures/folders.ts';
import { nextTurn } from '../fixtures/waiting.ts';

/** A sink as a user might write it: keeps entries in memory, and asks for nothing but room. */
class MemoryOverflow implements OverflowSink {
  private readonly entries: OverflowEntry[] = [];
  private readonly stopping = new AbortController();
  private port: OverflowPort | undefined = undefined;
  private acknowledged = 0;
  private inside = 0;
  private draining: Promise<void> | undefined = undefined;

  start(port: OverflowPort): void {
    this.port = port;
  }

  accept(entry: OverflowEntry): boolean {
    this.entries.push(entry);
    this.entries.sort((a, b) => b.priority - a.priority);
    this.draining ??= this.drain(this.port!);
    return true;
  }

  stats() {
    const { acknowledged } = this;
    return { waiting: this.entries.length + this.inside, setAside: 0, acknowledged, bytes: 0 };
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await this.draining;
  }

  private async drain(port: OverflowPort): Promise<void> {
    while (this.entries.length > 0) {
      try {
        await port.ready(this.entries[0]!, this.stopping.signal);
      } catch {
        return; // It closes: either of the two says so.
      }
      const outcome = port.submit(this.entries[0]!);
      if (outcome === undefined) continue;
      this.entries.shift();
      this.inside++;
      void outcome.then(() => {
        this.inside--;
        this.acknowledged++;
      });
    }
    this.draining = undefined;
  }
}

/** Lets in what the test lets in. */
class Tap implements Limit {
  places = 0;

  acquire() {
    if (!this.hasRoom()) return { reason: 'over-limit', load: 1, retryAfterMs: 1 } as const;
    this.places--;
    return undefined;
  }
  release(): void {}
  hasRoom(): boolean {
    return this.places > 0;
  }
  load(): number {
    return 0;
  }
}

const sinks: readonly (readonly [string, () => OverflowSink])[] = [
  ['fileOverflow', () => fileOverflow({ folder: temporaryFolder() })],
  ['fileOverflow that syncs', () => fileOverflow({ folder: temporaryFolder(), syncEveryMs: 0, window: 1 })],
  ['a sink of the user', () => new MemoryOverflow()],
];

const engines: Engine[] = [];
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

/** An engine that sheds everything until its tap is opened, and what ran in it. */
async function shedding(sink: OverflowSink) {
  const tap = new Tap();
  const ran: unknown[] = [];
  const errors: EngineEvents['listenerError'][] = [];
  const work = ioAgent('work', {
    capabilities: ['any'],
    run: async (input: unknown) => void ran.push(input),
  });
  const engine = await engineOf([work], { admission: { policy: 'custom', limit: tap }, overflow: sink });
  engines.push(engine);
  engine.on('listenerError', (event) => errors.push(event));
  const until = async (count: number) => {
    while (ran.length < count) await nextTurn();
  };
  return { engine, tap, ran, errors, until };
}

describe.each(sinks)('%s', (_name, make) => {
  it('has what it took run once there is room, and not before', async () => {
    const { engine, tap, ran, until, errors } = await shedding(make());
    const inputs = [1, 'two', { three: [3] }, null];
    for (const input of inputs) {
      const { error } = (await engine.submit('work', input).outcome) as { error: { overflowed: boolean } };
      expect(error.overflowed).toBe(true);
    }
    for (let i = 0; i < 5; i++) await nextTurn();
    expect(ran).toEqual([]);
    tap.places = 1;
    await until(1);
    for (let i = 0; i < 5; i++) await nextTurn();
    expect(ran).toEqual([1]);
    expect(engine.stats().overflow).toMatchObject({ accepted: 4, refused: 0, resubmitted: 1 });
    tap.places = 10;
    await until(4);
    expect(ran).toEqual(inputs);
    while (engine.stats().overflow!.acknowledged < 4) await nextTurn();
    expect(engine.stats().overflow).toMatchObject({ waiting: 0, setAside: 0, resubmitted: 4 });
    expect(errors).toEqual([]);
  });

  it('brings back higher priorities first, and within one the oldest', async () => {
    const { engine, tap, ran, until } = await shedding(make());
    for (let i = 0; i < 30; i++) {
      const priority = (['low', 'normal', 'high'] as const)[i % 3]!;
      await engine.run('work', i, { priority }).catch(() => undefined);
    }
    tap.places = 30;
    await until(30);
    for (const priority of [0, 1, 2]) {
      const order = (ran as number[]).filter((i) => i % 3 === priority);
      expect(order).toEqual([...order].sort((a, b) => a - b));
    }
  });

  it('serves capabilities as well as agents', async () => {
    const { engine, tap, ran, until } = await shedding(make());
    await engine.submit({ capability: 'any' }, 'a', { tenant: 't', timeoutMs: 1_000 }).outcome;
    tap.places = 1;
    await until(1);
    expect(ran).toEqual(['a']);
  });

  it('stops when the engine closes, which does not wait for what is left', async () => {
    const { engine, ran, tap } = await shedding(make());
    await engine.submit('work', 1).outcome;
    await engine.close();
    tap.places = 5;
    for (let i = 0; i < 5; i++) await nextTurn();
    expect(ran).toEqual([]);
    expect(engine.stats().overflow).toMatchObject({ waiting: 1, resubmitted: 0 });
  });
});
