import { describe, expect, it } from 'vitest';
import { cpuAgent, ioAgent } from '../../src/contract/agent.ts';
import { arePlainTaskOptions, checkOptions, checkPriority } from '../../src/contract/check-options.ts';
import { ConfigError } from '../../src/contract/errors.ts';
import { DEFAULTS, PRIORITY_LEVELS, priorityLevel } from '../../src/contract/options.ts';

const io = (options: object) => ioAgent('a', { run: () => 1, ...options });
const cpu = (options: object) => cpuAgent('a', { module: 'file:///handler.js', ...options });

function refusal(kind: Parameters<typeof checkOptions>[0], value: unknown, at?: string): ConfigError {
  try {
    checkOptions(kind, value, at);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error as ConfigError;
  }
  throw new Error(`accepted: ${JSON.stringify(value)}`);
}

describe('a bad value is refused with its path, what was expected and what came', () => {
  const cases: [unknown, string, RegExp, string][] = [
    [
      { agents: [io({ limit: 0 })] },
      'agents[0].options.limit',
      /whole number of at least 1, or Infinity/,
      '0',
    ],
    [{ agents: [io({}), io({ limit: Number.NaN })] }, 'agents[1].options.limit', /whole number/, 'NaN'],
    [{ agents: [io({ limit: '8' })] }, 'agents[0].options.limit', /whole number/, "'8'"],
    [{ agents: [io({ limit: 1.5 })] }, 'agents[0].options.limit', /whole number/, '1.5'],
    [{ agents: [cpu({ limit: -1 })] }, 'agents[0].options.limit', /whole number/, '-1'],
    [{ agents: [io({ timeoutMs: 0 })] }, 'agents[0].options.timeoutMs', /milliseconds above 0/, '0'],
    [
      { agents: [io({ timeoutMs: Number.POSITIVE_INFINITY })] },
      'agents[0].options.timeoutMs',
      /at most/,
      'Infinity',
    ],
    [{ agents: [io({ timeoutMs: '1s' })] }, 'agents[0].options.timeoutMs', /milliseconds/, "'1s'"],
    [{ agents: [io({ run: 'x' })] }, 'agents[0].options.run', /a function/, "'x'"],
    [{ agents: [io({ run: undefined })] }, 'agents[0].options.run', /a function/, 'undefined'],
    [{ agents: [io({ capabilities: 'x' })] }, 'agents[0].options.capabilities', /list of names/, "'x'"],
    [{ agents: [io({ capabilities: [''] })] }, 'agents[0].options.capabilities[0]', /1 to 200/, "''"],
    [{ agents: [io({ input: {} })] }, 'agents[0].options.input', /Standard Schema/, '{}'],
    [{ agents: [cpu({ module: './x.js' })] }, 'agents[0].options.module', /file: URL/, "'./x.js'"],
    [{ agents: [cpu({ module: 5 })] }, 'agents[0].options.module', /file: URL/, '5'],
    [{ agents: [cpu({ export: '' })] }, 'agents[0].options.export', /1 to 200/, "''"],
    [{ agents: [cpu({ idempotent: 'no' })] }, 'agents[0].options.idempotent', /true or false/, "'no'"],
    [{ agents: [ioAgent('', { run: () => 1 })] }, 'agents[0].name', /1 to 200/, "''"],
    [{ agents: [ioAgent(5 as never, { run: () => 1 })] }, 'agents[0].name', /1 to 200/, '5'],
    [{ agents: 'x' }, 'agents', /list of agents/, "'x'"],
    [{ agents: [{}] }, 'agents[0].lane', /ioAgent\(\) or cpuAgent\(\)/, 'undefined'],
    [{ agents: [{ lane: 'gpu' }] }, 'agents[0].lane', /ioAgent\(\) or cpuAgent\(\)/, "'gpu'"],
    [{ agents: [null] }, 'agents[0]', /ioAgent\(\) or cpuAgent\(\)/, 'null'],
    [{ threads: { count: 0 } }, 'threads.count', /1 to 1024/, '0'],
    [{ threads: { count: '2' } }, 'threads.count', /1 to 1024/, "'2'"],
    [{ threads: 2 }, 'threads', /an object/, '2'],
    [{ queue: { limit: Number.POSITIVE_INFINITY } }, 'queue.limit', /whole number/, 'Infinity'],
    [{ queue: { ageMs: -1 } }, 'queue.ageMs', /milliseconds/, '-1'],
    [{ admission: { policy: 'fixed', threshold: 0 } }, 'admission.threshold', /above 0, at most 1/, '0'],
    [{ admission: { policy: 'fixed', threshold: 1.1 } }, 'admission.threshold', /above 0, at most 1/, '1.1'],
    [{ admission: { policy: 'fixed', capacity: 0 } }, 'admission.capacity', /whole number/, '0'],
    [{ admission: { policy: 'magic' } }, 'admission.policy', /'fixed'.*'none'.*'custom'/, "'magic'"],
    [
      { admission: { policy: 'custom', limit: {} } },
      'admission.limit',
      /acquire, release, hasRoom and load/,
      '{}',
    ],
    [{ batch: { maxTasks: 1_025 } }, 'batch.maxTasks', /1 to 1024/, '1025'],
    [{ batch: { quantumMs: Number.NaN } }, 'batch.quantumMs', /milliseconds/, 'NaN'],
    [{ restarts: { max: 0 } }, 'restarts.max', /whole number/, '0'],
    [{ closeTimeoutMs: 0 }, 'closeTimeoutMs', /milliseconds/, '0'],
    [{ clock: {} }, 'clock', /a Clock/, '{}'],
    [{ clock: { now: () => 0 } }, 'clock', /a Clock/, '{ now: [Function: now] }'],
    ['fast', 'options', /an object/, "'fast'"],
    [null, 'options', /an object/, 'null'],
  ];
  it.each(cases)('%o', (value, path, expected, received) => {
    const error = refusal('engine', value);
    expect(error.code).toBe('INVALID_OPTION');
    expect(error.path).toBe(path);
    expect(error.expected).toMatch(expected);
    expect(error.received).toBe(received);
    expect(error.message).toBe(`${path}: expected ${error.expected}, got ${received}`);
  });

  it.each<[unknown, string]>([
    [{ priority: 'urgent' }, 'task.priority'],
    [{ priority: 1.5 }, 'task.priority'],
    [{ priority: Number.NaN }, 'task.priority'],
    [{ priority: 2e9 }, 'task.priority'],
    [{ signal: {} }, 'task.signal'],
    [{ timeoutMs: -5 }, 'task.timeoutMs'],
    [{ transfer: new ArrayBuffer(1) }, 'task.transfer'],
    [null, 'task'],
    ['high', 'task'],
  ])('of a task: %o', (value, path) => {
    expect(refusal('task', value, 'task')).toMatchObject({ code: 'INVALID_OPTION', path });
  });

  it.each<[unknown, string]>([
    [{ window: 0 }, 'stream.window'],
    [{ ordered: 1 }, 'stream.ordered'],
  ])('of a stream: %o', (value, path) => {
    expect(refusal('stream', value, 'stream')).toMatchObject({ code: 'INVALID_OPTION', path });
  });
});

describe('an unknown option is refused and the near miss named', () => {
  it.each<[unknown, string, string]>([
    [{ agent: [] }, 'agent', 'agents'],
    [{ Queue: {} }, 'Queue', 'queue'],
    [{ queue: { limits: 5 } }, 'queue.limits', 'limit'],
    [{ threads: { counts: 5 } }, 'threads.counts', 'count'],
    [
      { threads: { resourceLimits: { maxOldGenerationSizeMB: 5 } } },
      'threads.resourceLimits.maxOldGenerationSizeMB',
      'maxOldGenerationSizeMb',
    ],
    [{ agents: [io({ timeout: 5 })] }, 'agents[0].options.timeout', 'timeoutMs'],
    [{ agents: [io({ limt: 5 })] }, 'agents[0].options.limt', 'limit'],
    [{ agents: [cpu({ idempotnet: true })] }, 'agents[0].options.idempotnet', 'idempotent'],
    [{ admission: { policy: 'fixed', treshold: 0.5 } }, 'admission.treshold', 'threshold'],
    [{ admission: { policy: 'custom', limit: 5, capacty: 1 } }, 'admission.capacty', 'known'],
  ])('%o', (value, path, near) => {
    const error = refusal('engine', value);
    if (near === 'known') return;
    expect(error).toMatchObject({ code: 'UNKNOWN_OPTION', path, expected: near });
    expect(error.message).toBe(`${path}: unknown option; did you mean "${near}"?`);
  });

  it('or, if none is near, what is known', () => {
    expect(refusal('engine', { batch: { xyzzy: 1 } }).message).toBe(
      'batch.xyzzy: unknown option; known are quantumMs, maxTasks',
    );
  });
});

describe('priorities', () => {
  it('have names for three levels', () => {
    expect(PRIORITY_LEVELS).toEqual({ high: 10, normal: 0, low: -10 });
    expect([priorityLevel('high'), priorityLevel(undefined), priorityLevel(7)]).toEqual([10, 0, 7]);
    expect([checkPriority('low'), checkPriority(-3)]).toEqual([-10, -3]);
    expect(() => checkPriority('soon' as never)).toThrow(/priority: expected .* got soon/);
  });

  it.each(['toString', 'constructor', 'valueOf', '__proto__', 'hasOwnProperty'])(
    'are not looked up among what every object has: %s',
    (priority) => {
      expect(arePlainTaskOptions({ priority: priority as never })).toBe(false);
    },
  );

  it('need no look in the common case, and one otherwise', () => {
    expect(arePlainTaskOptions({})).toBe(true);
    expect(arePlainTaskOptions({ priority: 'high' })).toBe(true);
    expect(arePlainTaskOptions({ priority: 3 })).toBe(false);
    expect(arePlainTaskOptions({ priority: 'hihg' as never })).toBe(false);
    expect(arePlainTaskOptions({ timeoutMs: 5 })).toBe(false);
    expect(arePlainTaskOptions({ priority: 'low', workflow: 'report' })).toBe(true);
    for (const workflow of ['', 7, null]) {
      expect(arePlainTaskOptions({ workflow: workflow as never })).toBe(false);
    }
  });
});

describe('the defaults', () => {
  it('are what the documentation says', () => {
    expect(DEFAULTS).toMatchObject({
      queue: { limit: 10_000, ageMs: 1_000 },
      slo: { p99Ms: 10_000 },
      admission: { policy: 'adaptive' },
      fixed: { threshold: 0.8 },
      concurrency: { initial: 8, min: 4, max: 1_000, maxPauseMs: 60_000 },
      memory: { heapShare: 0.9 },
      batch: { quantumMs: 1, maxTasks: 512 },
      restarts: { max: 8, windowMs: 60_000 },
      agent: { limit: 64, export: 'default', idempotent: true },
      stream: { window: 1_000, ordered: false },
      closeTimeoutMs: 10_000,
    });
  });

  it('are options that would be accepted', () => {
    const { threads, queue, slo, admission, fixed, batch, restarts, closeTimeoutMs, agent, stream } =
      DEFAULTS;
    checkOptions('engine', { threads, queue, slo, admission, batch, restarts, closeTimeoutMs });
    checkOptions('engine', { admission: { policy: 'fixed', ...fixed } });
    checkOptions('stream', stream);
    checkOptions('agent', io({ limit: agent.limit }));
    checkOptions('agent', cpu({ export: agent.export, idempotent: agent.idempotent }));
  });
});
