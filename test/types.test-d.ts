/** What users may rely on of the public types. Nothing runs this file: `npm run check` compiles it. */
import * as v from 'valibot';
import type { AgentTypes, Engine, Outcome, TaskHandle } from '../src/index.ts';
import { cpuAgent, createEngine, ioAgent } from '../src/index.ts';

interface Chunk {
  readonly text: string;
}
interface Print {
  readonly hashes: readonly number[];
}
declare const chunk: Chunk;
declare const chunks: AsyncIterable<Chunk>;
declare const signal: AbortSignal;
declare function callModel(chunk: Chunk, signal: AbortSignal): Promise<string>;
declare function use(value: unknown): void;

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles if the two types are one and the same. */
declare function same<A, B>(proof: Same<A, B>): void;

const MODULE = new URL('./handler.js', import.meta.url);

export async function theFirstExample(): Promise<void> {
  await using engine = await createEngine({
    agents: [
      ioAgent('summarize', {
        run: async (chunk: Chunk, ctx) => callModel(chunk, ctx.signal),
        limit: 64,
        timeoutMs: 60_000,
      }),
      cpuAgent('fingerprint', { module: new URL('./fingerprint.js', import.meta.url) }),
    ],
  });
  const summary = await engine.run('summarize', chunk, { priority: 'high', signal });
  const handle = engine.submit('fingerprint', chunk);
  const outcome = await handle.outcome;
  for await (const o of engine.stream('fingerprint', chunks)) use(o);
  engine.stats();

  same<typeof summary, string>(true);
  same<typeof handle, TaskHandle<unknown>>(true);
  same<typeof outcome, Outcome<unknown>>(true);
  for await (const o of engine.stream('summarize', [chunk])) same<typeof o, Outcome<string>>(true);

  // @ts-expect-error: no agent of that name
  engine.run('sumarize', chunk);
  // @ts-expect-error: no agent of that name
  engine.submit('fingerprnt', chunk);
  // @ts-expect-error: no agent of that name
  engine.histogram('sumarize', 'wait');
  // @ts-expect-error: no agent of that name
  engine.remove('sumarize');
  // @ts-expect-error: not what the handler takes
  engine.run('summarize', { txt: 'a' });
  // @ts-expect-error: not what the handler takes
  engine.submit('summarize', 5);
  // @ts-expect-error: not what the handler takes
  engine.stream('summarize', ['a', 'b']);
  // @ts-expect-error: no such option
  engine.run('summarize', chunk, { prio: 'high' });
}

export async function inputsAndOutputs(): Promise<void> {
  await using engine = await createEngine({
    agents: [
      cpuAgent('typed', { module: MODULE, types: {} as AgentTypes<Chunk, Print> }),
      ioAgent('synchronous', { run: (n: number) => n * 2 }),
      ioAgent('without input', { run: () => 'a' }),
      ioAgent('tuple', { run: async ([a, b]: readonly [number, string]) => ({ a, b }) }),
      ioAgent('optional', { run: async (text: string | undefined) => text }),
      ioAgent('schema', { input: v.object({ text: v.string() }), run: ({ text }) => text.length }),
    ],
  });
  const print = await engine.run('typed', chunk);
  same<typeof print, Print>(true);
  const doubled = await engine.run('synchronous', 1);
  same<typeof doubled, number>(true);
  const letter = await engine.run('without input', undefined);
  same<typeof letter, string>(true);
  const pair = await engine.run('tuple', [1, 'a']);
  same<typeof pair, { a: number; b: string }>(true);
  const text = await engine.run('optional', undefined);
  same<typeof text, string | undefined>(true);
  const length = await engine.run('schema', { text: 'a' });
  same<typeof length, number>(true);

  // @ts-expect-error: not what the types say
  engine.run('typed', 7);
  // @ts-expect-error: not what the schema takes
  engine.run('schema', { text: 7 });
}

export async function breakersAndFaults(): Promise<void> {
  const run = async (one: Chunk) => one.text;
  await using engine = await createEngine({
    faults: true,
    agents: [ioAgent('guarded', { run, breaker: true, probe: () => ({ text: 'a' }) })],
  });
  const text = await engine.run('guarded', chunk);
  same<typeof text, string>(true);
  using fault = engine.injectFault({ agent: 'guarded', kind: 'slow', delayMs: 5 });
  fault();
  use(engine.health().agents[0]?.lastError?.code);

  // @ts-expect-error: no agent of that name
  engine.injectFault({ agent: 'garded', kind: 'hang' });
  // @ts-expect-error: no such kind
  engine.injectFault({ agent: 'guarded', kind: 'explode' });
  // @ts-expect-error: not what the handler takes
  ioAgent('wrong', { run, probe: () => 5 });
}

export async function capabilities(either: 'one' | 'two', both: Chunk & { tag: string }): Promise<void> {
  await using engine = await createEngine({
    agents: [
      cpuAgent('one', {
        module: MODULE,
        types: {} as AgentTypes<Chunk, Print>,
        capabilities: ['hash', 'any'],
      }),
      ioAgent('two', { run: async (tagged: { tag: string }) => tagged.tag, capabilities: ['any'] }),
      ioAgent('three', { run: (n: number) => n }),
    ],
  });
  const print = await engine.run({ capability: 'hash' }, chunk);
  same<typeof print, Print>(true);
  const result = await engine.run({ capability: 'any' }, both);
  same<typeof result, Print | string>(true);
  const named = await engine.run(either, both);
  same<typeof named, Print | string>(true);

  // @ts-expect-error: no agent has it
  engine.run({ capability: 'hsah' }, chunk);
  // @ts-expect-error: one of the agents that may be chosen does not take it
  engine.run({ capability: 'any' }, chunk);
  // @ts-expect-error: one of the agents that may be chosen does not take it
  engine.run(either, chunk);
}

export async function agentsThatComeAndGo(): Promise<void> {
  const engine = await createEngine({ agents: [ioAgent('early', { run: (n: number) => n })] });
  const wider = await engine.register(ioAgent('late', { run: (at: Date) => at.getTime() }));
  const time = await wider.run('late', new Date());
  same<typeof time, number>(true);
  await wider.run('early', 1);

  // @ts-expect-error: the engine of that type has no such agent
  engine.run('late', new Date());

  const empty = await createEngine();
  // @ts-expect-error: there are no agents
  empty.run('early', 1);
}

/** An engine whose agents are not known where it is used takes any name and any input. */
export async function forgottenTypes(): Promise<Engine> {
  const engine: Engine = await createEngine({ agents: [ioAgent('echo', { run: (n: number) => n })] });
  const echo = await engine.run('echo', 5);
  same<typeof echo, unknown>(true);
  await engine.run({ capability: 'echo' }, 5);
  return engine;
}

export async function wrongOptions(): Promise<void> {
  // @ts-expect-error: no such option
  ioAgent('a', { run: (n: number) => n, limits: 5 });
  // @ts-expect-error: no such option
  cpuAgent('a', { module: MODULE, idempotence: true });
  // @ts-expect-error: a CPU agent has a module
  cpuAgent('a', {});
  // @ts-expect-error: no such option
  await createEngine({ thread: { count: 2 } });
  // @ts-expect-error: not an agent
  await createEngine({ agents: [{ name: 'a' }] });
}

/** Fallbacks take what their agent takes, and give what it gives. */
export async function fallbacks(): Promise<void> {
  const agent = ioAgent('summarize', {
    run: async (chunk: Chunk) => chunk.text,
    retry: { attempts: 3, when: (error) => error.code !== 'TIMEOUT', backoff: (attempt) => 10 * attempt },
    fallback: ['other', (chunk, error) => `${chunk.text}: ${error.code}`, async ({ text }) => text],
  });
  ioAgent('wrong', {
    run: async (chunk: Chunk) => chunk.text,
    // @ts-expect-error: not what the agent gives
    fallback: [() => 5],
  });
  cpuAgent('print', {
    module: MODULE,
    types: {} as AgentTypes<Chunk, Print>,
    fallback: [(input: Chunk) => ({ hashes: [input.text.length] })],
  });
  await using engine = await createEngine({ agents: [agent] });
  const outcome = await engine.submit('summarize', chunk, { deadlineMs: 5_000 }).outcome;
  if (outcome.status === 'completed') same<typeof outcome.value, string>(true);
  for (const { agent: name, error } of outcome.attempts) use([name, error?.code]);
}
