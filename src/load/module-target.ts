import type { Random } from '../contract/clock.ts';
import { describe } from '../contract/option-issue.ts';
import { loadOwnModule, type OwnModule, wrongModule } from './own-module.ts';
import { PRIORITY_NAMES } from './priority-names.ts';
import type { LoadTarget, LoadTask } from './target.ts';
import type { TraceCall } from './trace.ts';

/** What a user's module exports, by these names or as its default export. */
interface LoadModule extends OwnModule {
  readonly next: (index: number, random: Random, call?: TraceCall) => LoadTask;
  readonly close?: () => void | Promise<void>;
}

const SHAPE =
  'expected exports `agents`, a list made with ioAgent() or cpuAgent(), and `next(index, random)`';

/**
 * A user's own agents and tasks.
 * @throws ConfigError if the module cannot be loaded or exports nothing usable
 */
export async function moduleTarget(path: string, cwd: string): Promise<LoadTarget> {
  // Kept whole, so that its functions may use `this`.
  const own = await loadModule(path, cwd);
  const { agents } = own;
  const names = new Set(agents.map(({ name }) => name));
  return {
    name: path,
    work: { kind: 'module' },
    agents,
    next: (index, random, call) => checkTask(own.next(index, random, call), names, path),
    close: async () => own.close?.(),
  };
}

async function loadModule(path: string, cwd: string): Promise<LoadModule> {
  const found = await loadOwnModule<LoadModule>(path, cwd, SHAPE);
  if (typeof found.next !== 'function') throw wrongModule(path, `${SHAPE}; next is ${describe(found.next)}`);
  if (found.close !== undefined && typeof found.close !== 'function') {
    throw wrongModule(path, `expected \`close\` to be a function, got ${describe(found.close)}`);
  }
  return found as LoadModule;
}

function checkTask(task: LoadTask, names: ReadonlySet<string>, path: string): LoadTask {
  if (typeof task !== 'object' || task === null || !names.has(task.agent)) {
    const expected = `next() to return { agent, input, priority? }, agent one of ${[...names].join(', ')}`;
    throw wrongModule(path, `expected ${expected}, got ${describe(task)}`);
  }
  if (task.priority !== undefined && !PRIORITY_NAMES.includes(task.priority)) {
    throw wrongModule(
      path,
      `expected a priority of ${PRIORITY_NAMES.join(', ')}, got ${describe(task.priority)}`,
    );
  }
  return task;
}
