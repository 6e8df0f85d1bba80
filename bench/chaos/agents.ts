import { setTimeout as later } from 'node:timers/promises';
import type { Agent, TaskContext } from '../../src/contract/agent.ts';
import type { Spillway } from '../subject.ts';
import { answerOf, type Ledger } from './ledger.js';

const HANDLERS = new URL('./handlers.js', import.meta.url);
/** How long a task that hangs may run. */
export const HANG_TIMEOUT_MS = 25;
const SHORT_TIMEOUT_MS = 15;

/** Everybody who works in a chaos run. Handlers of the loop write into the ledger as those of the threads do. */
export function chaosAgents({ cpuAgent, ioAgent }: Spillway, ledger: Ledger): readonly Agent[] {
  const cpu = (name: string, options: { export?: string; timeoutMs?: number; idempotent?: boolean } = {}) =>
    cpuAgent(name, { module: HANDLERS, export: name, ...options });
  return [
    ...['tiny', 'text', 'spin', 'fail', 'odd', 'leak', 'crash', 'exit', 'hog'].map((name) => cpu(name)),
    cpu('slow', { export: 'spin' }),
    cpu('once', { export: 'tiny', idempotent: false }),
    cpu('crash once', { export: 'crash', idempotent: false }),
    cpu('polite', { timeoutMs: SHORT_TIMEOUT_MS }),
    cpu('hang', { timeoutMs: HANG_TIMEOUT_MS }),
    cpu('stuck', { export: 'hang' }),
    ioAgent('call', {
      async run(task: number) {
        ledger.begin(task);
        await undefined;
        ledger.end(task);
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
