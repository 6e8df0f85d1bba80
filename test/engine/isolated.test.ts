import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFailed, vi } from 'vitest';
import {
  type CpuAgentOptions,
  cpuAgent,
  createEngine,
  HandlerLoadError,
  type TaskHandle,
} from '../../src/index.ts';
import { misbehaving, onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';
import { nextTurn } from '../fixtures/waiting.ts';
import { builtPackage } from '../staged-package.ts';

vi.setConfig({ testTimeout: 60_000 });

type Options = Partial<CpuAgentOptions<unknown, unknown>>;
const apart = (options: Options = {}) => misbehaving('isolated', { isolate: 'process', ...options });
const inProcess = (name: string) => onThreads(name, { isolate: 'process' });

/** The process of a task that says so with its first part of output. */
const pidOf = (handle: TaskHandle): Promise<number> =>
  new Promise((resolve) => {
    handle.on('partial', (pid) => resolve(pid as number));
  });

/** Whether a process runs. One that has ended, and is only not waited for, does not. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !status.slice(status.lastIndexOf(')')).startsWith(') Z');
  } catch {
    return false;
  }
}

describe('an isolated handler', () => {
  it('runs in a process of its own, which serves one task after the other', async () => {
    await using engine = await engineOf([apart()]);
    const pids = await Promise.all(Array.from({ length: 20 }, () => engine.run('isolated', {})));
    expect(new Set(pids).size).toBe(1);
    expect(pids[0]).not.toBe(process.pid);
  });

  it('is given and gives what other handlers are: values, context, reports, errors', async () => {
    await using engine = await engineOf(['echo', 'context', 'report', 'throwSync', 'result'].map(inProcess));
    const value = {
      map: new Map([[1, new Set(['a'])]]),
      date: new Date(5),
      list: [1, 'two', null, undefined],
    };
    expect(await engine.run('echo', value)).toEqual(value);
    const asked = engine.submit('context', 1);
    expect(await asked.outcome).toMatchObject({
      value: { taskId: asked.id, agent: 'context', cancelled: false, aborted: false },
    });
    const reports: unknown[] = [];
    const reporting = engine.submit('report', { steps: 2, wait: true });
    reporting.on('progress', (fraction) => reports.push(fraction));
    reporting.on('partial', (part) => reports.push(part));
    expect(await reporting.outcome).toMatchObject({ value: 'reported' });
    expect(reports).toEqual([0.5, { part: 1 }, 1, { part: 2 }]);
    expect(await engine.submit('throwSync', 'custom').outcome).toMatchObject({
      error: { code: 'HANDLER_FAILED', cause: { name: 'PaymentError', code: 'E_DECLINED', status: 402 } },
    });
    expect(await engine.submit('result', 'function').outcome).toMatchObject({
      error: { code: 'RESULT_NOT_CLONEABLE' },
    });
    expect(await engine.submit('echo', new SharedArrayBuffer(8)).outcome).toMatchObject({
      error: { code: 'INPUT_NOT_CLONEABLE' },
    });
    expect(await engine.run('echo', 'still there')).toBe('still there');
  });

  it('whose module cannot be loaded is refused, with the reason', async () => {
    const module = new URL('file:///no/such/module.mjs');
    const refusal = await createEngine({
      agents: [cpuAgent('lost', { module, isolate: 'process' })],
      threads: { count: 1 },
    }).catch((error) => error);
    expect(refusal).toBeInstanceOf(HandlerLoadError);
    expect(refusal.message).toMatch(/Cannot find module/);
  });

  it('has no other way of being isolated', async () => {
    const agents = [cpuAgent('x', { module: new URL('file:///x.mjs'), isolate: 'container' as 'process' })];
    await expect(createEngine({ agents })).rejects.toMatchObject({
      path: 'agents[0].options.isolate',
      expected: "'process'",
    });
  });
});

describe('what an isolated handler does to its process', () => {
  it.each([
    ['abort', 'SIGABRT'],
    ['segmentationFault', 'SIGSEGV'],
    ['exit', 'exit code 7'],
    ['outOfMemory', 'SIGABRT'],
  ])('costs that process and that task, and no thread: %s', async (dies, how) => {
    await using engine = await engineOf([apart(), onThreads('echo')], {
      threads: { count: 1, resourceLimits: { maxOldGenerationSizeMb: 64 } },
    });
    const before = await engine.run('isolated', {});
    const outcomes = [{ dies }, {}].map((input) => engine.submit('isolated', input).outcome);
    expect(await outcomes[0]).toMatchObject({
      status: 'failed',
      error: { code: 'WORKER_LOST', cause: { message: `the child process ended: ${how}` } },
    });
    const after = await outcomes[1]!;
    expect(after.status === 'completed' && after.value).not.toBe(before);
    expect(after.status).toBe('completed');
    expect(await engine.run('echo', 1)).toBe(1);
    expect(engine.stats().restarts).toBe(0);
  });

  it.each(['endlessLoop', 'microtasksOnly', 'laterLoop', 'waitForNobody'])(
    'ends it after stallMs if it blocks: %s',
    async (how) => {
      await using engine = await engineOf([apart({ stallMs: 200 })]);
      const handle = engine.submit('isolated', { how });
      const pid = await pidOf(handle);
      const outcome = await handle.outcome;
      expect(outcome).toMatchObject({ status: 'failed', error: { code: 'STALLED' } });
      expect(outcome.timing.serviceMs).toBeGreaterThan(200);
      expect(isAlive(pid)).toBe(false);
      expect(await engine.run('isolated', {})).not.toBe(pid);
      expect(engine.stats().restarts).toBe(0);
    },
  );

  it('is not a stall as long as it only waits', async () => {
    await using engine = await engineOf([misbehaving('patient', { isolate: 'process', stallMs: 500 })]);
    expect(await engine.run('patient', 50)).toBe(50);
  });

  it('ends it when its time is up, and it does not stop', async () => {
    await using engine = await engineOf([apart()]);
    const handle = engine.submit('isolated', { how: 'endlessLoop' }, { timeoutMs: 100 });
    const pid = await pidOf(handle);
    expect(await handle.outcome).toMatchObject({ error: { code: 'TIMEOUT' } });
    expect(await engine.run('isolated', {})).not.toBe(pid);
    expect(isAlive(pid)).toBe(false);
    expect(engine.stats().restarts).toBe(0);
  });

  it.each(['throw in a timer', 'unhandled rejection'])(
    'fails only the task that ran if nobody catches an error: %s',
    async (fate) => {
      await using engine = await engineOf([inProcess('survive')]);
      const outcomes = [{ fate }, { value: 5 }].map((input) => engine.submit('survive', input).outcome);
      expect(await outcomes[0]).toMatchObject({
        error: { code: 'HANDLER_FAILED', cause: { name: 'RangeError' } },
      });
      expect(await outcomes[1]).toMatchObject({ status: 'completed', value: 5 });
    },
  );

  it('is charged to its agent', async () => {
    await using engine = await engineOf([apart()], { restarts: { max: 1 } });
    const codes = [];
    for (let i = 0; i < 3; i++) {
      const outcome = await engine.submit('isolated', { dies: 'exit' }).outcome;
      codes.push(outcome.status === 'failed' && outcome.error.code);
    }
    expect(codes).toEqual(['WORKER_LOST', 'WORKER_LOST', 'AGENT_FAILED']);
  });
});

describe('an isolated task that is cancelled', () => {
  it('and stops keeps its process', async () => {
    await using engine = await engineOf([misbehaving('stops', { isolate: 'process' })]);
    const handle = engine.submit('stops', 1);
    const pid = await pidOf(handle);
    handle.cancel();
    expect(await handle.outcome).toMatchObject({ status: 'cancelled' });
    const next = engine.submit('stops', 2);
    expect(await pidOf(next)).toBe(pid);
    next.cancel();
  });

  it('and does not stop loses it, and nobody is to blame', async () => {
    await using engine = await engineOf([apart()], { restarts: { max: 1 } });
    for (let i = 0; i < 3; i++) {
      const handle = engine.submit('isolated', { how: 'endlessLoop' });
      const pid = await pidOf(handle);
      handle.cancel();
      expect(await engine.run('isolated', {})).not.toBe(pid);
    }
    expect(engine.stats().restarts).toBe(0);
  });
});

describe('a child process', () => {
  it('ends with its engine, even if it is blocked', async () => {
    const engine = await engineOf([apart()], { closeTimeoutMs: 50 });
    const handle = engine.submit('isolated', { how: 'endlessLoop' });
    const pid = await pidOf(handle);
    await engine.close();
    expect(isAlive(pid)).toBe(false);
  });

  /** Of a process that has ended, and that nobody has waited for, there is an entry left. */
  const isGone = async (pid: unknown) => {
    while (existsSync(`/proc/${pid}`)) await nextTurn();
  };

  describe.skipIf(process.platform !== 'linux')('(of which only /proc shows whether it is a zombie)', () => {
    it.each([
      ['exits', onThreads('survive'), { fate: 'exit' }],
      ['is blocked and taken', onThreads('neverReturns', { stallMs: 100 }), 1],
    ])('ends with its thread, and is waited for: one that %s', async (_how, deadly, input) => {
      await using engine = await engineOf([apart(), deadly]);
      const pids = [];
      for (let deaths = 1; deaths <= 3; deaths++) {
        pids.push(await engine.run('isolated', {}));
        await engine.submit(deadly.name, input).outcome;
        while (engine.stats().restarts < deaths) await nextTurn();
      }
      for (const pid of pids) await isGone(pid);
      expect(new Set(pids).size).toBe(3);
    });

    it('ends with a thread that is recycled, and is waited for', async () => {
      await using engine = await engineOf([apart()], { threads: { count: 1, recycle: { tasks: 20 } } });
      const pid = await engine.run('isolated', {});
      let isOver = false;
      engine.on('threadRecycled', () => {
        isOver = true;
      });
      while (!isOver) await engine.run('isolated', {});
      await isGone(pid);
      expect(await engine.run('isolated', {})).not.toBe(pid);
    });

    it('is waited for when its engine is closed', async () => {
      const engine = await engineOf([apart()], { closeTimeoutMs: 50 });
      const handle = engine.submit('isolated', { how: 'endlessLoop' });
      const pid = await pidOf(handle);
      await engine.close();
      expect(existsSync(`/proc/${pid}`)).toBe(false);
    });
  });

  it('ends with a parent that is killed, even if it is blocked', async () => {
    const script = fileURLToPath(new URL('../fixtures/isolated-orphan.mjs', import.meta.url));
    const entry = pathToFileURL(join(await builtPackage(), 'dist/src/index.js')).href;
    const parent = spawn(process.execPath, [script, entry], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = (await once(parent.stdout, 'data')) as [Buffer];
    expect(String(said)).toMatch(/^blocked \d+/);
    const pid = Number(String(said).split(' ')[1]);
    onTestFailed(() => void process.kill(pid, 'SIGKILL'));
    parent.kill('SIGKILL');
    // The child has inherited the pipe: it is closed once the last of them is gone.
    await once(parent, 'close');
    // A process that ends closes what it has open before it counts as ended.
    while (isAlive(pid)) await nextTurn();
  });
});
