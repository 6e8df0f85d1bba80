import { isDeepStrictEqual } from 'node:util';
import {
  type Engine,
  type EngineStats,
  ioAgent,
  type Outcome,
  type TaskHandle,
  type TaskOptions,
} from '../../src/index.ts';
import { onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';
import { nextTurn } from '../fixtures/waiting.ts';

/** One task, and what may become of it. */
interface Plan {
  readonly agent: string;
  readonly input: unknown;
  readonly options?: TaskOptions;
  /** The value that it must have if it completes; `undefined` if it must not. */
  readonly expected?: { readonly value: unknown };
  /** The codes with which it may fail. */
  readonly codes: readonly string[];
}

/** What a campaign came to. `faults` says in words what was wrong. */
export interface CampaignReport {
  readonly faults: readonly string[];
  readonly statuses: Readonly<Record<string, number>>;
  readonly restarts: number;
}

export interface CampaignOptions {
  readonly seed: number;
  readonly tasks: number;
  /** How many of the tasks take their thread with them, on average. */
  readonly crashes: number;
  /** How long it may take until every task has ended, in milliseconds. */
  readonly deadlineMs: number;
}

const CRASH_CODES = ['WORKER_LOST', 'HANDLER_FAILED'];
const SLOW_MS = 1;

/** Runs a random mixture of tasks and checks that each ends in exactly one way, a right one. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const random = new SeededRandom(options.seed);
  const counts = new Int32Array(new SharedArrayBuffer(4 * options.tasks));
  const engine = await engineOf(agents(), {
    threads: { count: 2 },
    restarts: { max: 1_000_000 },
    queue: { limit: 1_000_000 },
    admission: { policy: 'none' },
  });
  const controllers = Array.from({ length: 8 }, () => new AbortController());
  const faults: string[] = [];
  const statuses: Record<string, number> = {};
  const handles: TaskHandle[] = [];
  const ends: Promise<void>[] = [];
  for (let index = 0; index < options.tasks; index++) {
    const plan = planOf(random, index, counts, options.crashes / options.tasks);
    const signal = random.chance(0.05) ? random.pick(controllers).signal : undefined;
    const handle = engine.submit(plan.agent, plan.input, {
      ...plan.options,
      ...optionsOf(random),
      ...(signal && { signal }),
    });
    handles.push(handle);
    const mayBeCancelled = { now: signal !== undefined };
    meddlers.set(handle, mayBeCancelled);
    ends.push(
      handle.outcome.then((outcome) => {
        statuses[outcome.status] = (statuses[outcome.status] ?? 0) + 1;
        const fault = faultOf(plan, outcome, mayBeCancelled.now);
        if (fault !== undefined) faults.push(`task ${index} of ${plan.agent}: ${fault}`);
      }),
    );
    meddle(random, handles, controllers);
    if (random.chance(0.02)) await nextTurn();
  }
  faults.push(...(await lateOnes(ends, handles, options.deadlineMs)));
  await settled(engine);
  faults.push(...faultsOfStats(engine.stats(), options.tasks, statuses));
  for (const [index, count] of counts.entries())
    if (count > 1) faults.push(`task ${index} ran ${count} times`);
  const { restarts } = engine.stats();
  await engine.close();
  return { faults, statuses, restarts };
}

/** Whether somebody asked for a task to be cancelled. */
const meddlers = new WeakMap<TaskHandle, { now: boolean }>();

function agents() {
  return [
    ...['echo', 'add', 'survive', 'surviveSync', 'result', 'sumAndReturn', 'throwSync'].map((name) =>
      onThreads(name),
    ),
    onThreads('report', { limit: 3 }),
    onThreads('never', { timeoutMs: 5, limit: 1 }),
    onThreads('once', { export: 'countCalls', idempotent: false }),
    onThreads('spin', { capabilities: ['either'] }),
    ioAgent('io', { run: async (x: unknown) => x, limit: 100 }),
    ioAgent('wait', {
      run: (n: number) => new Promise<number>((resolve) => void setTimeout(() => resolve(n), n)),
      limit: 20,
      capabilities: ['either'],
    }),
    ioAgent('stuck', { run: () => new Promise(() => {}), timeoutMs: 3, limit: 5 }),
    ioAgent('bad', { run: async (text: string) => Promise.reject(new Error(text)) }),
  ];
}

function planOf(random: SeededRandom, index: number, counts: Int32Array, crashRate: number): Plan {
  if (random.chance(crashRate)) {
    const fate = random.pick(['exit', 'exit', 'throw in a timer', 'unhandled rejection']);
    return {
      agent: fate === 'exit' ? random.pick(['survive', 'surviveSync']) : 'survive',
      input: { fate },
      codes: CRASH_CODES,
    };
  }
  const completes = (agent: string, input: unknown, value: unknown = input): Plan => ({
    agent,
    input,
    expected: { value },
    codes: [],
  });
  const text = 'ß'.repeat(random.below(40));
  switch (random.below(18)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return completes('echo', { index, text, list: [index, -0, null, undefined], when: new Date(index) });
    case 4:
      return completes('echo', new Map([[index, new Set([text])]]));
    case 5:
      return completes('add', { a: index, b: 1 }, index + 1);
    case 6:
      return completes('survive', { value: index }, index);
    case 7:
      return completes('surviveSync', { value: text }, text);
    case 8:
      return completes('result', 'map', new Map([['k', new Set([1])]]));
    case 9:
      return {
        agent: 'result',
        input: random.pick(['function', 'throwingGetter']),
        codes: ['RESULT_NOT_CLONEABLE'],
      };
    case 10: {
      const buffer = new Uint8Array(16).fill(index).buffer;
      const value = { sum: 16 * (index % 256), buffer: buffer.slice(0) };
      // What was moved to a thread that died is gone with it.
      return {
        agent: 'sumAndReturn',
        input: { buffer },
        options: { transfer: [buffer] },
        expected: { value },
        codes: ['WORKER_LOST'],
      };
    }
    case 11:
      return {
        agent: 'throwSync',
        input: random.pick(['string', 'null', 'custom', 'cause']),
        codes: ['HANDLER_FAILED'],
      };
    case 12:
      return random.chance(0.3)
        ? completes('report', { steps: random.below(4), wait: random.chance(0.5) }, 'reported')
        : completes('io', { index, text });
    case 13:
      return { ...completes('once', { counts, index }, index), codes: ['WORKER_LOST'] };
    case 14:
      return random.chance(0.02)
        ? { agent: 'never', input: 1, codes: ['TIMEOUT'] }
        : completes('wait', random.below(4));
    case 15:
      return { agent: 'stuck', input: 1, codes: ['TIMEOUT'] };
    case 16:
      return { agent: 'bad', input: text, codes: ['HANDLER_FAILED'] };
    default:
      return random.chance(0.1)
        ? { agent: 'echo', input: { index, fn: () => {} }, codes: ['INPUT_NOT_CLONEABLE'] }
        : completes('spin', SLOW_MS);
  }
}

function optionsOf(random: SeededRandom): TaskOptions {
  if (random.chance(0.6)) return {};
  return { priority: random.pick(['high', 'normal', 'low', random.below(100) - 50] as const) };
}

/** Cancels and re-ranks what was submitted before, at random. */
function meddle(random: SeededRandom, handles: readonly TaskHandle[], controllers: AbortController[]): void {
  const recent = handles[handles.length - 1 - random.below(Math.min(200, handles.length))]!;
  if (random.chance(0.05)) {
    meddlers.get(recent)!.now = true;
    recent.cancel();
  } else if (random.chance(0.1)) recent.reprioritize(random.pick(['high', 'low', 5] as const));
  if (random.chance(0.002)) {
    const at = random.below(controllers.length);
    controllers[at]!.abort('the whole group');
    controllers[at] = new AbortController();
  }
}

function faultOf(plan: Plan, outcome: Outcome, mayBeCancelled: boolean): string | undefined {
  switch (outcome.status) {
    case 'completed':
      if (plan.expected === undefined) return `completed, with ${String(outcome.value)}`;
      return isDeepStrictEqual(outcome.value, plan.expected.value)
        ? undefined
        : `completed with a wrong value`;
    case 'failed':
      return plan.codes.includes(outcome.error.code) ? undefined : `failed: ${outcome.error.message}`;
    case 'cancelled':
      return mayBeCancelled ? undefined : `cancelled: ${outcome.reason}`;
    default:
      return outcome.status;
  }
}

/** Waits for all to end; says which did not. */
async function lateOnes(
  ends: readonly Promise<void>[],
  handles: readonly TaskHandle[],
  deadlineMs: number,
): Promise<string[]> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), deadlineMs);
  });
  const result = await Promise.race([Promise.all(ends), deadline]);
  clearTimeout(timer);
  if (result !== 'late') return [];
  return handles.flatMap(({ id, state }, index) =>
    state === 'pending' || state === 'running' ? [`task ${index} (${id}) is still ${state}`] : [],
  );
}

/** Waits until threads have answered for what was cancelled while it ran. */
async function settled(engine: Engine): Promise<void> {
  const isBusy = () => engine.stats().agents.some((agent) => agent.inFlight > 0);
  for (let i = 0; i < 2_000 && isBusy(); i++) await new Promise((resolve) => setTimeout(resolve, 1));
}

function faultsOfStats(
  stats: EngineStats,
  submitted: number,
  statuses: Readonly<Record<string, number>>,
): string[] {
  const { completed = 0, failed = 0, cancelled = 0, rejected = 0 } = statuses;
  const expected = { submitted, waiting: 0, running: 0, completed, failed, cancelled, rejected };
  const faults: string[] = [];
  if (!isDeepStrictEqual(stats.tasks, expected)) {
    faults.push(`counts are ${JSON.stringify(stats.tasks)}, not ${JSON.stringify(expected)}`);
  }
  for (const { name, inFlight, state } of stats.agents) {
    if (inFlight !== 0 || state !== 'idle')
      faults.push(`agent ${name} is ${state} with ${inFlight} in flight at the end`);
  }
  return faults;
}
