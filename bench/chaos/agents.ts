import { setTimeout as later } from 'node:timers/promises';
import type { Agent, CpuAgentOptions, TaskContext } from '../../src/contract/agent.ts';
import type { Spillway } from '../subject.ts';
import { ATTEMPTS, LATECOMER } from './kinds.ts';
import { answerOf, type Ledger } from './ledger.js';

const HANDLERS = new URL('./handlers.js', import.meta.url);
/** How long a task that hangs may run. */
export const HANG_TIMEOUT_MS = 25;
const SHORT_TIMEOUT_MS = 15;
/** How long a task may block its thread, and its process, which may have to wait for a core. */
const STALL_MS = 40;
const CHILD_STALL_MS = 1_500;
/** So long that only a fault takes longer. */
const DRILL_TIMEOUT_MS = 250;

/** Its handler runs in a process of its own. It is to be registered when `LATECOMER` says. */
export function latecomer({ cpuAgent }: Spillway): Agent {
  return cpuAgent(LATECOMER, {
    module: HANDLERS,
    export: 'isolated',
    isolate: 'process',
    stallMs: CHILD_STALL_MS,
  }) as Agent;
}

/** Everybody who works in a chaos run. Handlers of the loop write into the ledger as those of the threads do. */
export function chaosAgents({ cpuAgent, ioAgent }: Spillway, ledger: Ledger): readonly Agent[] {
  const cpu = (
    name: string,
    options: Omit<CpuAgentOptions<unknown, unknown>, 'module' | 'capabilities'> = {},
  ) => cpuAgent(name, { module: HANDLERS, export: name, ...options });
  const retry = (name: keyof typeof ATTEMPTS & string) => ({ attempts: ATTEMPTS[name]! });
  return [
    ...['tiny', 'text', 'spin', 'fail', 'odd', 'leak', 'crash', 'exit', 'hog'].map((name) => cpu(name)),
    cpu('slow', { export: 'spin' }),
    cpu('once', { export: 'tiny', idempotent: false }),
    cpu('crash once', { export: 'crash', idempotent: false }),
    cpu('polite', { timeoutMs: SHORT_TIMEOUT_MS }),
    cpu('hang', { timeoutMs: HANG_TIMEOUT_MS }),
    cpu('stuck', { export: 'hang' }),
    cpu('stall', { stallMs: STALL_MS }),
    cpu('flaky', { retry: { ...retry('flaky'), backoff: 'constant', baseMs: 1 } }),
    cpu('again', { retry: { ...retry('again'), backoff: () => 0 } }),
    cpu('drill', { export: 'tiny', timeoutMs: DRILL_TIMEOUT_MS }),
    ioAgent('call', {
      async run(task: number) {
        ledger.begin(task);
        await undefined;
        ledger.end(task);
        return answerOf(task);
      },
    }),
    ioAgent('drill call', {
      timeoutMs: DRILL_TIMEOUT_MS,
      async run(task: number) {
        ledger.begin(task);
        await undefined;
        ledger.end(task);
        return answerOf(task);
      },
    }),
    ioAgent('flaky call', {
      retry: { ...retry('flaky call'), baseMs: 4 },
      async run({ task, fails }: { task: number; fails: number }) {
        const earlier = ledger.begin(task);
        await undefined;
        ledger.end(task);
        if (earlier < fails) throw new RangeError(`task ${task} fails on purpose`);
        return answerOf(task);
      },
    }),
    ioAgent('wait', {
      async run({ task, waitMs }: { task: number; waitMs: number }) {
        ledger.begin(task);
        await later(waitMs);
        ledger.end(task);
        return answerOf(task);
      },
    }),
    ioAgent('report', {
      async run(task: number, ctx: TaskContext) {
        ledger.begin(task);
        await ctx.progress(0.5);
        await ctx.emit(task);
        ledger.end(task);
        return answerOf(task);
      },
    }),
    ioAgent('refused', {
      run(task: number) {
        ledger.begin(task);
        ledger.end(task);
        if (task % 2 === 0) throw new RangeError(`task ${task} fails on purpose`);
        return Promise.reject(new RangeError(`task ${task} fails on purpose`));
      },
    }),
    ioAgent('never', {
      timeoutMs: SHORT_TIMEOUT_MS,
      run(task: number) {
        ledger.begin(task);
        return new Promise<never>(() => {});
      },
    }),
  ];
}
