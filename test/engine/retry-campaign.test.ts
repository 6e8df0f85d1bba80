import { expect, it } from 'vitest';
import { type Agent, type Engine, ioAgent, type Outcome, type TaskHandle } from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { failingOnThreads, sumOf } from '../fixtures/failing.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';
import { nextTurn } from '../fixtures/waiting.ts';

/** SPILLWAY_SEED repeats a campaign; SPILLWAY_TASKS makes it longer. */
const seed = Number(process.env.SPILLWAY_SEED ?? Date.now() % 1_000_000);
const tasks = Number(process.env.SPILLWAY_TASKS ?? 3_000);

/** Agents that fail at random in every way that is retried, on both lanes, with fallbacks among each other. */
function agentsOf(random: SeededRandom): Agent[] {
  const retry = { attempts: 3, baseMs: 2, maxMs: 5 };
  const shaky = (share: number) => async (input: unknown) => {
    if (random.chance(share)) throw new Error('shaky');
    return input;
  };
  const agents = [
    ioAgent('shaky', { run: shaky(0.5), retry, fallback: ['slow', 'survive'] }),
    ioAgent('slow', {
      limit: 16,
      timeoutMs: 10,
      retry: { attempts: 2, baseMs: 0 },
      capabilities: ['any'],
      run: (input: unknown) => (random.chance(0.2) ? new Promise(() => {}) : shaky(0.3)(input)),
      fallback: [
        async (input: unknown) => {
          if (random.chance(0.3)) throw new Error('no function');
          return input;
        },
      ],
    }),
    onThreads('survive', { retry, capabilities: ['any'], fallback: ['steady'] }),
    failingOnThreads('slowOnce', { retry: { attempts: 2, baseMs: 0 }, timeoutMs: 30 }),
    ioAgent('steady', { run: async (input: unknown) => input }),
  ];
  return agents as Agent[];
}

const input = (random: SeededRandom, index: number, crashes: number) => ({
  value: index,
  ...(random.chance(crashes / tasks) && { fate: 'exit' }),
});

/** What is wrong with an outcome. */
function faultsOf(outcome: Outcome, index: number): string[] {
  const at = `task ${index}`;
  const faults: string[] = [];
  const { attempts } = outcome;
  if (attempts.length > 12) faults.push(`${at}: ${attempts.length} attempts`);
  if (attempts.slice(0, -1).some(({ error }) => error === undefined)) {
    faults.push(`${at}: tried again after an attempt without an error`);
  }
  if (outcome.status === 'completed') {
    const value = (outcome.value as { value?: unknown }).value ?? outcome.value;
    if (value !== index && typeof value !== 'string') faults.push(`${at}: wrong value`);
    if (attempts.at(-1)?.error !== undefined) faults.push(`${at}: completed by a failed attempt`);
    const wasFallback = attempts.at(-1)?.fallback !== undefined;
    if (wasFallback !== (outcome.degraded !== undefined)) faults.push(`${at}: wrongly degraded`);
  }
  return faults;
}

async function expectQuiet(engine: Engine): Promise<void> {
  // Attempts that were given up leave their threads a little later than their tasks.
  while (engine.stats().agents.some(({ inFlight }) => inFlight > 0)) await nextTurn();
  const stats = engine.stats();
  expect(stats.tasks).toMatchObject({ submitted: tasks, waiting: 0, running: 0 });
  expect(stats.retries.waiting).toBe(0);
  expect(sumOf(stats)).toBe(tasks);
}

it('every task that is tried again and again ends in exactly one way, and leaves nothing behind', {
  timeout: 90_000,
}, async () => {
  console.info(`retries of seed ${seed}`);
  const random = new SeededRandom(seed);
  await using engine = await engineOf(agentsOf(random), {
    threads: { count: 2 },
    queue: { limit: tasks },
    admission: { policy: 'none' },
    retryBudget: { share: 0.5, minimum: 100 },
    restarts: { max: 1_000 },
    random: () => random.next(),
  });
  const calls = () => new Int32Array(new SharedArrayBuffer(4));
  const handles: TaskHandle[] = [];
  for (let index = 0; index < tasks; index++) {
    const target = random.pick(['shaky', 'slow', 'survive', { capability: 'any' }]);
    const options = {
      ...(random.chance(0.1) && { deadlineMs: 1 + random.below(50) }),
      ...(random.chance(0.1) && { retry: { attempts: 1 + random.below(4), baseMs: random.below(5) } }),
      ...(random.chance(0.3) && { priority: random.pick(['high', 'low'] as const) }),
    };
    const isStubborn = random.chance(0.01);
    handles.push(
      isStubborn
        ? engine.submit('slowOnce', { calls: calls() }, options)
        : engine.submit(target, input(random, index, 12), options),
    );
    if (random.chance(0.05)) random.pick(handles).cancel();
    if (random.chance(0.05)) random.pick(handles).reprioritize(random.below(20));
    if (random.chance(0.05)) await nextTurn();
  }
  const outcomes = await Promise.all(handles.map((handle) => handle.outcome));
  const faults = outcomes.flatMap(faultsOf);
  expect(faults.slice(0, 20), `SPILLWAY_SEED=${seed}`).toEqual([]);
  await expectQuiet(engine);
  const statuses = new Set(outcomes.map(({ status }) => status));
  expect(statuses, `SPILLWAY_SEED=${seed}`).toEqual(new Set(['completed', 'failed', 'cancelled']));
});
