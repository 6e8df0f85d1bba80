import { describe, expect, it, vi } from 'vitest';
import { type EngineEvents, type IoAgentOptions, ioAgent } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { heldTimer } from '../fixtures/held-timer.ts';
import { deferred, nextTurn } from '../fixtures/waiting.ts';
import { ManualClock } from '../manual-clock.ts';

vi.setConfig({ testTimeout: 60_000 });

/** An engine on a clock that stands still, with an agent that a test makes well or ill. */
async function ill(options: Partial<IoAgentOptions<string, unknown>> = {}) {
  const clock = new ManualClock();
  const world = { isUp: false, inputs: [] as string[] };
  const run = async (input: string): Promise<unknown> => {
    world.inputs.push(input);
    if (!world.isUp) throw new Error('down');
    return input;
  };
  const breaker = { openMs: 100, maxOpenMs: 100, failAfter: 2, closeAfter: 2 };
  const agents = [
    ioAgent('sick', { run, breaker, ...options } as IoAgentOptions<string, unknown>),
    ioAgent('sound', { run: () => 'well' }),
  ];
  const engine = await engineOf(agents, { clock, admission: { policy: 'none' } });
  const states: EngineEvents['agentState'][] = [];
  engine.on('agentState', (event) => {
    if (event.from === 'failed' || event.to === 'failed') states.push(event);
  });
  const submit = (count: number) =>
    Promise.all(Array.from({ length: count }, () => engine.submit('sick', 'task').outcome));
  /** Lets the time go by that the breaker stays open, and what follows from it happen. */
  const rest = async () => {
    clock.advance(100);
    clock.turn();
    for (let i = 0; i < 5; i++) await nextTurn();
  };
  return { clock, world, engine, states, submit, rest };
}

describe('health', () => {
  it('is ok while all agents are, and says since when', async () => {
    const { engine } = await ill();
    const before = engine.health();
    expect(before).toMatchObject({ status: 'ok', history: [] });
    expect(before.agents).toMatchObject([
      { agent: 'sick', state: 'idle', breaker: 'closed', why: undefined, failures: 0, lastError: undefined },
      { agent: 'sound', state: 'idle', recoveredAtMs: undefined },
    ]);
    await engine.close();
  });

  it('says which agent is left alone, since when, why and what its last error was', async () => {
    const { engine, submit } = await ill();
    await submit(20);
    const { status, agents } = engine.health();
    expect(status).toBe('degraded');
    expect(agents[0]).toMatchObject({
      breaker: 'open',
      state: 'idle',
      why: '20 of the last 20 calls failed',
      failures: 20,
      lastError: { code: 'HANDLER_FAILED', message: 'agent "sick": Error: down' },
    });
    expect(agents[0]!.sinceMs).toBe(agents[0]!.lastError!.atMs);
    await engine.close();
  });

  it('is failed when no agent takes tasks', async () => {
    const { engine, submit } = await ill();
    await submit(20);
    engine.remove('sound');
    expect(engine.health().status).toBe('failed');
    await engine.close();
  });

  it('calls an agent failed whose breaker opens again and again, and tells when it has recovered', async () => {
    const { engine, clock, world, states, submit, rest } = await ill();
    await submit(20);
    await rest();
    await submit(1);
    expect(states).toEqual([{ agent: 'sick', from: 'busy', to: 'failed' }]);
    expect(engine.stats().agents[0]?.state).toBe('failed');
    world.isUp = true;
    await rest();
    expect(engine.health().agents[0]).toMatchObject({ state: 'failed', breaker: 'half-open' });
    await submit(2);
    expect(states.at(-1)).toMatchObject({ from: 'failed' });
    const { status, agents, history } = engine.health();
    expect([status, agents[0]?.breaker, agents[0]?.why]).toEqual(['ok', 'closed', undefined]);
    expect(history).toMatchObject([{ agent: 'sick', why: '20 of the last 20 calls failed' }]);
    expect(history[0]!.recoveredAtMs - history[0]!.failedAtMs).toBe(200);
    expect(agents[0]!.recoveredAtMs).toBe(history[0]!.recoveredAtMs);
    expect(clock.pending).toBe(0);
    await engine.close();
  });

  it('keeps the last hundred recoveries', async () => {
    const { engine, world, submit, rest } = await ill();
    for (let i = 0; i < 105; i++) {
      world.isUp = false;
      await submit(20);
      await rest();
      world.isUp = true;
      await submit(2);
    }
    expect(engine.health().history.length).toBe(100);
    await engine.close();
  });
});

describe('a failed agent with a probe', () => {
  it('is tried with it in the background, outside of all counts, and returns by itself', async () => {
    const { engine, world, states, submit, rest } = await ill({ probe: () => 'probe' });
    await submit(20);
    await rest();
    await submit(1);
    expect(states.at(-1)?.to).toBe('failed');
    const before = engine.stats();
    world.inputs.length = 0;
    await rest();
    await rest();
    expect(world.inputs).toEqual(['probe', 'probe']);
    expect((await submit(1))[0]).toMatchObject({ error: { code: 'BREAKER_OPEN' } });
    world.isUp = true;
    await rest();
    expect(world.inputs).toEqual(['probe', 'probe', 'probe', 'probe']);
    expect((await submit(1))[0]).toMatchObject({ status: 'completed', value: 'task' });
    const { tasks, agents } = engine.stats();
    expect(tasks).toMatchObject({ submitted: before.tasks.submitted + 2, completed: 1, running: 0 });
    expect(agents[0]?.counts).toMatchObject({ completed: 1, failed: 21 });
    expect(agents[0]?.inFlight).toBe(0);
    await engine.close();
  });

  it('stays failed while the probe function throws, or gives an input that the schema refuses', async () => {
    const probe = () => {
      throw new Error('no input today');
    };
    const { engine, submit, rest } = await ill({ probe });
    await submit(20);
    await rest();
    await submit(1);
    await rest();
    expect(engine.health().agents[0]).toMatchObject({ state: 'failed', breaker: 'open' });
    await engine.close();
  });

  it('does not keep the engine from closing while a probe hangs', async () => {
    const { engine, submit, rest } = await ill({
      probe: () => 'hang',
      run: async (input: string) => {
        if (input === 'hang') await new Promise(() => {});
        throw new Error('down');
      },
    });
    await submit(20);
    await rest();
    await submit(1);
    await rest();
    expect(engine.stats()).toMatchObject({
      tasks: { running: 0, waiting: 0 },
      agents: [{ inFlight: 1 }, { inFlight: 0 }],
    });
    await engine.close();
  });

  it('is tried on a thread when it was switched off for the threads it killed', async () => {
    const { clock, end: recover } = heldTimer(60_000);
    const probe = () => ({ value: 'probe' });
    await using engine = await engineOf([onThreads('survive', { probe })], {
      restarts: { max: 1, windowMs: 60_000 },
      clock,
    });
    const back = deferred();
    engine.on('agentState', ({ from }) => {
      if (from === 'failed') back.resolve();
    });
    await Promise.all([1, 2].map(() => engine.submit('survive', { fate: 'exit' }).outcome));
    expect(engine.health()).toMatchObject({
      status: 'failed',
      agents: [{ state: 'failed', why: expect.stringContaining('killed more than 1 threads') }],
    });
    recover();
    await back.promise;
    expect(engine.health()).toMatchObject({ status: 'ok', history: [{ agent: 'survive' }] });
    expect(engine.stats().tasks).toMatchObject({ submitted: 2, failed: 2 });
    expect(await engine.run('survive', { value: 5 })).toBe(5);
  });
});
