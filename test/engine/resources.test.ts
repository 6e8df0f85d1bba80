import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Engine, ioAgent, type TaskContext } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { type Call, estimate, HeldCalls } from '../fixtures/held-calls.ts';
import { nextTurn } from '../fixtures/waiting.ts';

let held: HeldCalls;
let own: Engine | undefined;
beforeEach(() => {
  held = new HeldCalls();
  own = undefined;
});
afterEach(() => own?.close() ?? held.close());

describe('a resource with a concurrency', () => {
  test('is shared by its agents: no more calls than that at once, the next as one ends', async () => {
    await held.start({ gpu: { concurrency: 2 } }, [held.agent('a', ['gpu']), held.agent('b', ['gpu'])]);
    for (let i = 0; i < 3; i++) for (const to of ['a', 'b']) held.submit(to, `${to}${i}`);
    await nextTurn();
    expect(held.started).toEqual(['a0', 'b0']);
    await held.end('a0');
    expect(held.started).toEqual(['a0', 'b0', 'a1']);
    await held.end('b0', 'a1');
    expect(held.started).toEqual(['a0', 'b0', 'a1', 'b1', 'a2']);
    expect(held.engine.stats().cost.resources.gpu).toMatchObject({ inFlight: 2, calls: 5, isFull: true });
  });

  test('holds up no agent that does not draw on it', async () => {
    await held.start({ gpu: { concurrency: 1 } }, [held.agent('a', ['gpu']), held.agent('free', [])]);
    for (const name of ['a1', 'a2']) held.submit('a', name);
    held.submit('free', 'free');
    await nextTurn();
    expect(held.started).toEqual(['a1', 'free']);
  });

  test('goes to the highest priority first, whichever agent its task is for', async () => {
    await held.start({ gpu: { concurrency: 1 } }, [held.agent('a', ['gpu']), held.agent('b', ['gpu'])]);
    held.submit('a', 'first');
    await nextTurn();
    held.submit('a', 'low', 0, 'low');
    held.submit('a', 'normal');
    held.submit('b', 'high', 0, 'high');
    await held.end('first');
    await held.end('high');
    await held.end('normal');
    expect(held.started).toEqual(['first', 'high', 'normal', 'low']);
  });

  test('is left by calls that fail, time out or are cancelled', async () => {
    await held.start({ gpu: { concurrency: 1 } }, [held.agent('a', ['gpu'], { timeoutMs: 100 })]);
    const failing = held.submit('a', 'failing');
    await nextTurn();
    held.fail('failing', new Error('mine'));
    expect((await failing.outcome).status).toBe('failed');
    const late = held.submit('a', 'late');
    await nextTurn();
    held.clock.advance(101);
    expect(await late.outcome).toMatchObject({ status: 'failed', error: { code: 'TIMEOUT' } });
    const cancelled = held.submit('a', 'cancelled');
    await nextTurn();
    expect(cancelled.cancel()).toBe(true);
    held.submit('a', 'next');
    await nextTurn();
    expect(held.started.at(-1)).toBe('next');
    expect(held.engine.stats().cost.resources.gpu!.inFlight).toBe(1);
  });

  test('counts for a capability: another agent of it takes what one has no room for', async () => {
    await held.start({ gpu: { concurrency: 1 } }, [
      held.agent('small', ['gpu'], { capabilities: ['draw'] }),
      held.agent('large', [], { capabilities: ['draw'] }),
    ]);
    const handles = [1, 2, 3].map((n) => held.engine.submit({ capability: 'draw' }, { name: `${n}` }));
    await nextTurn();
    await held.end('1', '2', '3');
    const agents = (await Promise.all(handles.map(({ outcome }) => outcome))).map((outcome) => outcome.agent);
    expect(agents.toSorted()).toEqual(['large', 'large', 'small']);
  });

  test('bounds tasks on threads as well', async () => {
    const engine = await engineOf([onThreads('spin', { resources: ['gpu'] })], {
      threads: { count: 2 },
      resources: { gpu: { concurrency: 1 } },
    });
    own = engine;
    const sizes = Array.from({ length: 20 }, (_, index) => index % 4);
    let most = 0;
    await Promise.all(
      sizes.map((ms) =>
        engine.run('spin', ms).then(() => {
          most = Math.max(most, engine.stats().cost.resources.gpu!.inFlight);
        }),
      ),
    );
    expect(most).toBeLessThanOrEqual(1);
    expect(engine.stats().cost.resources.gpu).toMatchObject({ inFlight: 0, calls: 20, isFull: false });
  });

  test('is given back by tasks that are taken back from a thread before they start', async () => {
    const engine = await engineOf([onThreads('spin', { resources: ['gpu'] })], {
      resources: { gpu: { concurrency: 100, requestsPerMinute: 100_000 } },
    });
    own = engine;
    await Promise.all([1, 1, 1, 1].map((ms) => engine.run('spin', ms)));
    // The first is long; those behind it in its batch are taken back, and cancelled.
    const first = engine.submit('spin', 300);
    const others = Array.from({ length: 10 }, () => engine.submit('spin', 0));
    await nextTurn();
    for (const other of others) other.cancel();
    await Promise.all([first, ...others].map(({ outcome }) => outcome));
    expect(engine.stats().cost.resources.gpu).toMatchObject({ inFlight: 0, calls: 5, requests: { used: 5 } });
  });
});

describe('a resource with a rate', () => {
  const KEY = { key: { tokensPerMinute: 60_000 } };

  test('lets small tasks not pass a large one of their priority, nor wait for it after it was cancelled', async () => {
    await held.start(KEY, [held.agent('a', ['key']), held.agent('b', ['key'])]);
    held.submit('a', 'fills', 30_000);
    const large = held.submit('a', 'large', 50_000);
    held.submit('b', 'small', 10);
    await nextTurn();
    expect(held.started).toEqual(['fills']);
    held.clock.advance(40_000);
    await nextTurn();
    // The pace has room for the small one, but the large one was first.
    expect(held.started).toEqual(['fills']);
    large.cancel();
    await nextTurn();
    expect(held.started).toEqual(['fills', 'small']);
  });

  test('lets a task of higher priority pass one for which there is no room', async () => {
    await held.start(KEY, [held.agent('a', ['key']), held.agent('b', ['key'])]);
    held.submit('a', 'fills', 5_000);
    held.submit('a', 'large', 58_000, 'low');
    await nextTurn();
    held.clock.advance(5_000);
    await nextTurn();
    expect(held.started).toEqual(['fills']);
    held.submit('b', 'urgent', 10, 'high');
    await nextTurn();
    expect(held.started).toEqual(['fills', 'urgent']);
  });

  test('starts nothing by itself but with one timer, however many wait', async () => {
    await held.start({ key: { requestsPerMinute: 60 } }, [
      held.agent('a', ['key']),
      held.agent('b', ['key']),
    ]);
    for (let i = 0; i < 1_000; i++) held.submit(i % 2 === 0 ? 'a' : 'b', `${i}`);
    await nextTurn();
    expect(held.started).toHaveLength(1);
    expect(held.clock.pending).toBe(1);
    held.clock.advance(1_010);
    await nextTurn();
    expect(held.started).toHaveLength(2);
    expect(held.clock.pending).toBe(1);
    const closed = held.engine.close({ timeoutMs: 10 });
    held.clock.advance(11);
    await closed;
    expect(held.clock.pending).toBe(0);
  });

  test('lets go of what a call did not use as soon as it ends', async () => {
    const run = async (_call: Call, ctx: TaskContext) => {
      await ctx.usage({ inputTokens: 100, outputTokens: 50 });
      await ctx.usage({ outputTokens: 50 });
    };
    await held.start(KEY, [ioAgent('a', { run, estimate, resources: ['key'] })]);
    await held.engine.run('a', { name: 'one', tokens: 60_000 });
    expect(held.engine.stats().cost.resources.key).toMatchObject({
      inputTokens: 100,
      outputTokens: 100,
      tokens: { used: 200, limit: 60_000 },
    });
  });

  test('counts what a call uses beyond its estimate from when that is known', async () => {
    const run = (_call: Call, ctx: TaskContext) => ctx.usage({ outputTokens: 5_000 });
    await held.start(KEY, [ioAgent('a', { run, estimate, resources: ['key'] })]);
    await held.engine.run('a', { name: 'one', tokens: 1_000 });
    expect(held.engine.stats().cost.resources.key!.tokens.used).toBe(5_000);
  });

  test('goes by what calls have used lately for an agent without an estimate', async () => {
    const run = async (_call: Call, ctx: TaskContext) => {
      await ctx.usage({ outputTokens: 500 });
    };
    await held.start(KEY, [
      ioAgent('a', { run, resources: ['key'] }),
      ioAgent('b', { run: held.call, resources: ['key'] }),
    ]);
    await held.engine.run('a', { name: 'one' });
    const { used } = held.engine.stats().cost.resources.key!.tokens;
    expect(used).toBe(500);
    await held.engine.run('a', { name: 'two' });
    expect(held.engine.stats().cost.resources.key!.tokens.used).toBe(1_000);
  });

  test('fails a task at once that could never fit, with what to do', async () => {
    await held.start(KEY, [held.agent('a', ['key'])]);
    const outcome = await held.submit('a', 'huge', 60_001).outcome;
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'RESOURCE_TOO_SMALL' } });
    expect(outcome.status === 'failed' && outcome.error.message).toBe(
      'agent "a": the task is expected to use 60001 tokens, and resource "key" never has more than 60000 in 60000 ms; make the input smaller, or raise tokensPerMinute',
    );
    expect(held.engine.stats().tasks).toMatchObject({ submitted: 1, failed: 1, waiting: 0, running: 0 });
  });

  test('asks an agent that joins while tasks wait for its own estimate', async () => {
    await held.start({ ...KEY, gpu: { concurrency: 1 } }, [
      held.agent('a', ['gpu'], { capabilities: ['draw'] }),
    ]);
    const go = (name: string) => held.engine.submit({ capability: 'draw' }, { name, tokens: 7 });
    go('one');
    const two = go('two');
    await nextTurn();
    expect(held.started).toEqual(['one']);
    const broken = () => ({ inputTokens: Number.NaN });
    await held.engine.register(
      ioAgent('b', { run: held.call, capabilities: ['draw'], resources: ['key'], estimate: broken }),
    );
    expect(await two.outcome).toMatchObject({ status: 'failed', error: { code: 'ESTIMATE_FAILED' } });
    held.engine.remove('b');
    const three = go('three');
    await held.engine.register(held.agent('c', ['key'], { capabilities: ['draw'] }));
    await nextTurn();
    await held.end('three');
    expect(await three.outcome).toMatchObject({ status: 'completed', agent: 'c' });
    expect(held.engine.stats().cost.resources.key!.tokens.used).toBe(7);
  });
});
