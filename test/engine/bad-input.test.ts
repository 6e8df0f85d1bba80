import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, createEngine, type Engine, EngineClosedError, ioAgent } from '../../src/index.ts';
import { HANDLERS, onThreads } from '../fixtures/agents.ts';
import { deferred, nextTurn } from '../fixtures/waiting.ts';

const echo = () => ioAgent('echo', { run: async (x: unknown) => x });
let engine: Engine;
beforeAll(async () => {
  const agents = [echo(), ioAgent('polite', { run: () => 'hello', capabilities: ['greet'] })];
  engine = (await createEngine({ agents })) as unknown as Engine;
});
afterAll(() => engine.close());

/** What a call throws or its promise rejects with. */
async function failureOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error('it was accepted');
}

describe('an agent that nobody knows', () => {
  const calls: [string, (target: never) => unknown][] = [
    ['run', (target) => engine.run(target, 1)],
    ['submit', (target) => engine.submit(target, 1)],
    ['stream', (target) => engine.stream(target, [1])],
  ];
  it.each(calls)('is refused by %s, with the near miss', async (_name, call) => {
    const error = (await failureOf(() => call('ehco' as never))) as ConfigError;
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.code).toBe('UNKNOWN_AGENT');
    expect(error.message).toBe('no agent "ehco" is registered; did you mean "echo"?');
    expect(await failureOf(() => call({ capability: 'great' } as never))).toMatchObject({
      message: 'no capability "great" is registered; did you mean "greet"?',
    });
  });

  it('has no histogram and cannot be removed', async () => {
    expect(await failureOf(() => engine.histogram('ehco', 'wait'))).toMatchObject({ code: 'UNKNOWN_AGENT' });
    expect(engine.remove('ehco')).toBe(false);
  });

  it('is a rejection of run, not a throw', () => {
    const promise = engine.run('nobody', 1);
    return expect(promise).rejects.toThrow('no agent "nobody"');
  });
});

describe('two agents of one name', () => {
  it('are refused at the start, on either lane', async () => {
    for (const agents of [
      [echo(), echo()],
      [onThreads('echo'), echo()],
      [echo(), onThreads('echo')],
      [onThreads('echo'), onThreads('echo')],
    ]) {
      expect(await failureOf(() => createEngine({ agents }))).toMatchObject({
        code: 'DUPLICATE_AGENT',
        path: 'agents',
        received: 'echo',
      });
    }
  });

  it('are refused later, and the first one stays', async () => {
    expect(await failureOf(() => engine.register(echo()))).toMatchObject({ code: 'DUPLICATE_AGENT' });
    expect(await engine.run('echo', 5)).toBe(5);
  });
});

describe('wrong options', () => {
  it('of createEngine reject before anything is started', async () => {
    const error = (await failureOf(() =>
      createEngine({ agents: [ioAgent('a', { run: () => 1, limit: 0 })] }),
    )) as ConfigError;
    expect(error).toMatchObject({ code: 'INVALID_OPTION', path: 'agents[0].options.limit', received: '0' });
    expect(await failureOf(() => createEngine({ agent: [] } as never))).toMatchObject({
      message: 'agent: unknown option; did you mean "agents"?',
    });
    expect(await failureOf(() => createEngine(null as never))).toBeInstanceOf(ConfigError);
    expect(
      await failureOf(() => createEngine({ agents: [onThreads('echo', { module: './x.js' })] })),
    ).toMatchObject({
      code: 'INVALID_OPTION',
      path: 'agents[0].options.module',
    });
  });

  it.each<[unknown, string]>([
    [{ priority: 'urgent' }, 'task.priority'],
    [{ priority: 'toString' }, 'task.priority'],
    [{ priority: 1.5 }, 'task.priority'],
    [{ timeoutMs: '5' }, 'task.timeoutMs'],
    [{ signal: true }, 'task.signal'],
    [{ timeout: 5 }, 'task.timeout'],
    [null, 'task'],
    ['high', 'task'],
    [7, 'task'],
  ])('of a task are refused: %o', async (options, path) => {
    expect(await failureOf(() => engine.run('echo', 1, options as never))).toMatchObject({
      name: 'ConfigError',
      path,
    });
    expect(await failureOf(() => engine.submit('echo', 1, options as never))).toMatchObject({
      name: 'ConfigError',
      path,
    });
  });

  it('of stream, ready, close and register are refused', async () => {
    expect(await failureOf(() => engine.stream('echo', [1], { window: 0 }))).toMatchObject({
      path: 'stream.window',
    });
    expect(await failureOf(() => engine.stream('echo', 5 as never))).toMatchObject({ path: 'source' });
    expect(await failureOf(() => engine.stream('echo', [1], null as never))).toBeInstanceOf(ConfigError);
    expect(await failureOf(() => engine.ready({ prio: 1 } as never))).toMatchObject({
      code: 'UNKNOWN_OPTION',
    });
    expect(await failureOf(() => engine.close({ timeoutMs: 0 }))).toMatchObject({ path: 'close.timeoutMs' });
    expect(await failureOf(() => engine.register({ name: 'x' } as never))).toBeInstanceOf(ConfigError);
    expect(await engine.run('echo', 'still open')).toBe('still open');
  });

  it('of histogram, on and reprioritize are refused', async () => {
    expect(await failureOf(() => engine.histogram('echo', 'waiting' as never))).toBeInstanceOf(ConfigError);
    expect(await failureOf(() => engine.on('threadready' as never, () => {}))).toBeInstanceOf(ConfigError);
    expect(await failureOf(() => engine.on('threadReady', 5 as never))).toBeInstanceOf(ConfigError);
    const handle = engine.submit('echo', 1);
    expect(await failureOf(() => handle.reprioritize('soon' as never))).toBeInstanceOf(ConfigError);
    expect(await failureOf(() => handle.on('done' as never, () => {}))).toBeInstanceOf(ConfigError);
    expect(await failureOf(() => handle.on('progress', 5 as never))).toBeInstanceOf(ConfigError);
    expect(await handle.outcome).toMatchObject({ status: 'completed' });
  });
});

describe('after close', () => {
  it('nothing is taken any more, whichever way it comes', async () => {
    const closed = await createEngine({ agents: [echo()] });
    await closed.close();
    expect(await failureOf(() => closed.run('echo', 1))).toBeInstanceOf(EngineClosedError);
    expect(await failureOf(() => closed.submit('echo', 1))).toBeInstanceOf(EngineClosedError);
    expect(await failureOf(() => closed.ready())).toBeInstanceOf(EngineClosedError);
    expect(await failureOf(() => closed.register(onThreads('add', { module: HANDLERS })))).toBeInstanceOf(
      EngineClosedError,
    );
    expect(await failureOf(() => closed.stream('echo', [1]).next())).toBeInstanceOf(EngineClosedError);
  });

  it('a stream pulls nothing of its source', async () => {
    const closed = await createEngine({ agents: [echo()] });
    await closed.close();
    let pulled = 0;
    const source = (function* () {
      for (;;) yield ++pulled;
    })();
    await failureOf(() => closed.stream('echo', source).next());
    expect(pulled).toBe(0);
  });
});

describe('an input with a schema', () => {
  const schema = {
    '~standard': {
      version: 1 as const,
      vendor: 'test',
      validate: (value: unknown) =>
        typeof (value as { n?: unknown } | null)?.n === 'number'
          ? { value: { n: (value as { n: number }).n, checked: true } }
          : { issues: [{ message: 'expected a number', path: ['list', 0, { key: 'n' }] }] },
    },
  };

  it('is refused before it is admitted if it does not match, and replaced by what the schema makes of it', async () => {
    await using strict = await createEngine({
      agents: [ioAgent('strict', { run: async (x: unknown) => x, input: schema })],
    });
    expect(await strict.run('strict', { n: 1 } as never)).toEqual({ n: 1, checked: true });
    expect(await failureOf(() => strict.submit('strict', { n: 'x' } as never))).toMatchObject({
      code: 'INPUT_INVALID',
      path: 'input.list[0].n',
    });
    expect(strict.stats().tasks).toMatchObject({ submitted: 1, completed: 1 });
  });

  it('is validated by a schema that must not be asynchronous', async () => {
    const slow = { '~standard': { ...schema['~standard'], validate: async (value: unknown) => ({ value }) } };
    await using strict = await createEngine({
      agents: [ioAgent('slow', { run: async (x: unknown) => x, input: slow })],
    });
    expect(await failureOf(() => strict.run('slow', 1 as never))).toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('of a capability is what the schema of the agent that takes it makes of it, not of another', async () => {
    const length = (value: unknown) =>
      typeof value === 'string' ? { value: value.length } : { issues: [{ message: 'expected a text' }] };
    const input = { '~standard': { version: 1 as const, vendor: 'test', validate: length } };
    const measure = (name: string) =>
      ioAgent(name, { input, capabilities: ['measure'], run: async (n: unknown) => n });
    await using engine = await createEngine({ agents: [measure('a'), measure('b')] });
    expect(await engine.run({ capability: 'measure' }, 'four' as never)).toBe(4);
  });

  it('of a capability is validated for the first agent with a schema, should it join while the task waits', async () => {
    const gate = deferred<number>();
    const plain = ioAgent('plain', { capabilities: ['any'], limit: 1, run: async () => gate.promise });
    const seen: unknown[] = [];
    const strict = ioAgent('strict', {
      capabilities: ['any'],
      input: schema,
      run: async (x) => seen.push(x),
    });
    await using engine = await createEngine({ agents: [plain] });
    const [first, wrong, right] = [1, 'x', { n: 1 }].map((input) =>
      engine.submit({ capability: 'any' }, input as never),
    );
    await nextTurn();
    await engine.register(strict);
    expect(await wrong!.outcome).toMatchObject({ status: 'failed', error: { code: 'INPUT_INVALID' } });
    expect(await right!.outcome).toMatchObject({ status: 'completed' });
    expect(seen).toEqual([{ n: 1, checked: true }]);
    gate.resolve(1);
    expect(await first!.outcome).toMatchObject({ status: 'completed' });
  });

  it('of a capability must suit an agent that joins while the task waits', async () => {
    const gate = deferred<number>();
    const measure = (name: string, refuses: boolean) =>
      ioAgent(name, {
        capabilities: ['measure'],
        limit: 1,
        input: {
          '~standard': {
            version: 1 as const,
            vendor: 'test',
            validate: (value: unknown) => (refuses ? { issues: [{ message: 'expected more' }] } : { value }),
          },
        },
        run: async () => gate.promise,
      });
    await using engine = await createEngine({ agents: [measure('a', false)] });
    const first = engine.submit({ capability: 'measure' }, 1 as never);
    const second = engine.submit({ capability: 'measure' }, 2 as never);
    await nextTurn();
    await engine.register(measure('b', true));
    expect(await second.outcome).toMatchObject({ status: 'failed', error: { code: 'INPUT_INVALID' } });
    gate.resolve(1);
    expect(await first.outcome).toMatchObject({ status: 'completed' });
  });
});
