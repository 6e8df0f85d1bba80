import { describe, expect, it, vi } from 'vitest';
import {
  ConfigError,
  createEngine,
  type Engine,
  type FaultOptions,
  InjectedFaultError,
  ioAgent,
  type Outcome,
} from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';
import { nextTurn } from '../fixtures/waiting.ts';
import { ManualClock } from '../manual-clock.ts';

vi.setConfig({ testTimeout: 60_000 });

const echo = () => ioAgent('echo', { run: async (x: unknown) => x });
const codeOf = (outcome: Outcome) => (outcome.status === 'failed' ? outcome.error.code : outcome.status);

/** Submits one task after the other until one ends so. */
async function until(engine: Engine, agent: string, code: string): Promise<Outcome> {
  for (;;) {
    const outcome = await engine.submit(agent, 1).outcome;
    if (codeOf(outcome) === code) return outcome;
  }
}

describe('a fault on the event loop', () => {
  it('throws for a share of the calls, and no longer once it has ended', async () => {
    const random = new SeededRandom(7);
    await using engine = await engineOf([echo()], { faults: true, random: () => random.next() });
    const end = engine.injectFault({ agent: 'echo', kind: 'errors', share: 0.3, message: 'drill' });
    const calls = () =>
      Promise.all(Array.from({ length: 1_000 }, (_, i) => engine.submit('echo', i).outcome));
    const struck = (await calls()).filter((outcome) => outcome.status === 'failed');
    expect(struck.length).toBeGreaterThan(250);
    expect(struck.length).toBeLessThan(350);
    const [first] = struck;
    expect(first?.status === 'failed' && first.error.cause).toBeInstanceOf(InjectedFaultError);
    expect(first).toMatchObject({ error: { code: 'HANDLER_FAILED', cause: { message: 'drill' } } });
    end();
    end();
    expect((await calls()).every(({ status }) => status === 'completed')).toBe(true);
  });

  it('lets calls start late, and those that it holds up go on when it ends', async () => {
    const clock = new ManualClock();
    const engine = await engineOf([echo()], { faults: true, clock });
    const end = engine.injectFault({ agent: 'echo', kind: 'slow', delayMs: 500 });
    const [first, second] = [engine.submit('echo', 1), engine.submit('echo', 2)];
    await nextTurn();
    clock.advance(499);
    await nextTurn();
    expect(first.state).toBe('running');
    clock.advance(1);
    expect(await first.outcome).toMatchObject({ status: 'completed', timing: { serviceMs: 500 } });
    const third = engine.submit('echo', 3);
    await nextTurn();
    end();
    expect(await second.outcome).toMatchObject({ value: 2 });
    expect(await third.outcome).toMatchObject({ value: 3, timing: { serviceMs: 0 } });
    expect(clock.pending).toBe(0);
    await engine.close();
  });

  it('hangs until it ends, and leaves a task that was cancelled meanwhile alone', async () => {
    const ran: unknown[] = [];
    await using engine = await engineOf([ioAgent('note', { run: (x: unknown) => ran.push(x) })], {
      faults: true,
    });
    const { [Symbol.dispose]: end } = engine.injectFault({ agent: 'note', kind: 'hang' });
    const [kept, cancelled] = [engine.submit('note', 'kept'), engine.submit('note', 'cancelled')];
    await nextTurn();
    cancelled.cancel();
    await nextTurn();
    expect([kept.state, ran]).toEqual(['running', []]);
    end();
    expect(await kept.outcome).toMatchObject({ status: 'completed' });
    expect(ran).toEqual(['kept']);
  });

  it('ends by itself after its time, and with `using`', async () => {
    const clock = new ManualClock();
    const engine = await engineOf([echo()], { faults: true, clock });
    engine.injectFault({ agent: 'echo', kind: 'errors', forMs: 1_000 });
    expect((await engine.submit('echo', 1).outcome).status).toBe('failed');
    clock.advance(1_000);
    expect(await engine.run('echo', 1)).toBe(1);
    {
      using _fault = engine.injectFault({ agent: 'echo', kind: 'errors' });
      expect((await engine.submit('echo', 1).outcome).status).toBe('failed');
    }
    expect(await engine.run('echo', 1)).toBe(1);
    await engine.close();
  });

  it('stands with others: each ends by itself, in any order', async () => {
    await using engine = await engineOf([echo()], { faults: true });
    const errors = engine.injectFault({ agent: 'echo', kind: 'errors' });
    const hang = engine.injectFault({ agent: 'echo', kind: 'hang' });
    errors();
    const held = engine.submit('echo', 1);
    await nextTurn();
    expect(held.state).toBe('running');
    hang();
    expect(await held.outcome).toMatchObject({ value: 1 });
  });
});

describe('a fault on threads', () => {
  const kinds: [string, Omit<FaultOptions, 'agent'> & { kind: string }, string][] = [
    ['process.exit', { kind: 'crash' }, 'WORKER_LOST'],
    ['an exception that nobody catches', { kind: 'crash', how: 'throw' } as never, 'HANDLER_FAILED'],
    ['an error', { kind: 'errors' }, 'HANDLER_FAILED'],
    ['a heap that grows', { kind: 'memory', mb: 20 } as never, 'WORKER_LOST'],
    ['an endless loop', { kind: 'hang' }, 'TIMEOUT'],
    ['a late start', { kind: 'slow', delayMs: 60_000 } as never, 'TIMEOUT'],
  ];
  it.each(kinds)('is real, and leaves nothing behind: %s', async (_name, fault, code) => {
    await using engine = await engineOf([onThreads('echo', { timeoutMs: 3_000 })], {
      faults: true,
      restarts: { max: 100 },
      threads: { count: 1, resourceLimits: { maxOldGenerationSizeMb: 64 } },
    });
    const end = engine.injectFault({ agent: 'echo', ...fault } as FaultOptions);
    expect(codeOf(await until(engine, 'echo', code))).toBe(code);
    // Threads that come up later have it as well.
    if (code !== 'TIMEOUT') await until(engine, 'echo', code);
    end();
    await until(engine, 'echo', 'completed');
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, i) => engine.submit('echo', i).outcome),
    );
    expect(outcomes.every(({ status }) => status === 'completed')).toBe(true);
  });

  it('that hangs lets its tasks go on when it ends', async () => {
    await using engine = await engineOf([onThreads('echo')], { faults: true });
    const end = engine.injectFault({ agent: 'echo', kind: 'hang' });
    let handle = engine.submit('echo', 'held');
    for (;;) {
      const { threads } = engine.stats();
      if (threads.some(({ state }) => state === 'busy')) break;
      if (handle.state === 'completed') handle = engine.submit('echo', 'held');
      await nextTurn();
    }
    end();
    expect(await handle.outcome).toMatchObject({ status: 'completed', value: 'held' });
    expect(engine.stats().restarts).toBe(0);
  });

  it('takes buffers up to its bound, and gives them back', async () => {
    await using engine = await engineOf([onThreads('echo')], { faults: true });
    const end = engine.injectFault({ agent: 'echo', kind: 'memory', where: 'buffers', mb: 8, maxMb: 40 });
    const external = async () => (await engine.heaps())[0]?.heap?.externalBytes ?? 0;
    while ((await external()) < 40 * 2 ** 20) await engine.run('echo', 1);
    for (let i = 0; i < 20; i++) await engine.run('echo', 1);
    expect(await external()).toBeLessThan(60 * 2 ** 20);
    end();
    expect(await engine.run('echo', 2)).toBe(2);
  });
});

describe('a fault that is wrong', () => {
  const failure = (call: () => unknown): ConfigError => {
    try {
      call();
    } catch (error) {
      return error as ConfigError;
    }
    throw new Error('it was accepted');
  };

  it('is refused by an engine that was not created for it, whatever it says', async () => {
    await using engine = await createEngine({ agents: [echo()] });
    const error = failure(() => engine.injectFault({ agent: 'echo', kind: 'errors' }));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ code: 'FAULTS_DISABLED', path: 'faults' });
    expect(await engine.run('echo', 1)).toBe(1);
  });

  it.each<[object, string, string]>([
    [{ agent: 'echo', kind: 'explode' }, 'fault.kind', "'crash', 'hang', 'slow', 'errors' or 'memory'"],
    [{ agent: 'echo', kind: 'errors', share: 0 }, 'fault.share', 'a number above 0, at most 1'],
    [{ agent: 'echo', kind: 'errors', share: 1.5 }, 'fault.share', 'a number above 0, at most 1'],
    [{ agent: 'echo', kind: 'errors', share: Number.NaN }, 'fault.share', 'a number above 0, at most 1'],
    [{ agent: 'echo', kind: 'slow', delayMs: -1 }, 'fault.delayMs', 'a number of milliseconds above 0'],
    [{ agent: 'echo', kind: 'hang', forMs: 0 }, 'fault.forMs', 'a number of milliseconds above 0'],
    [{ agent: 'echo', kind: 'crash' }, 'fault.kind', "'errors', 'slow' or 'hang'"],
    [{ agent: 'echo', kind: 'memory' }, 'fault.kind', "'errors', 'slow' or 'hang'"],
  ])('is refused before anything changes: %o', async (fault, path, expected) => {
    await using engine = await createEngine({ agents: [echo()], faults: true });
    const error = failure(() => engine.injectFault(fault as never));
    expect(error).toMatchObject({ code: 'INVALID_OPTION', path });
    expect(error.expected).toContain(expected);
    expect(await engine.run('echo', 1)).toBe(1);
  });

  it('has near misses named: of its options and of its agent', async () => {
    await using engine = await createEngine({ agents: [echo()], faults: true });
    expect(
      failure(() => engine.injectFault({ agent: 'echo', kind: 'slow', delay: 5 } as never)).message,
    ).toBe('fault.delay: unknown option; did you mean "delayMs"?');
    expect(failure(() => engine.injectFault({ agent: 'ehco' as never, kind: 'hang' }))).toMatchObject({
      code: 'UNKNOWN_AGENT',
      expected: 'echo',
    });
  });

  it('is refused when there are sixteen already, and after close', async () => {
    const engine = await createEngine({ agents: [echo()], faults: true });
    for (let i = 0; i < 16; i++) engine.injectFault({ agent: 'echo', kind: 'hang' });
    expect(failure(() => engine.injectFault({ agent: 'echo', kind: 'hang' })).message).toContain(
      'at most 16',
    );
    await engine.close();
    expect(failure(() => engine.injectFault({ agent: 'echo', kind: 'hang' })).code).toBe('ENGINE_CLOSED');
  });

  it('is refused as an option that is no boolean', async () => {
    await expect(createEngine({ faults: 1 } as never)).rejects.toMatchObject({ path: 'faults' });
    await expect(
      createEngine({ agents: [ioAgent('a', { run: () => 1, probe: 5 } as never)] }),
    ).rejects.toMatchObject({ path: 'agents[0].options.probe' });
  });
});
