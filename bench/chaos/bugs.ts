import type { Subject } from '../subject.ts';

/** Mistakes that an engine could make, to see that the checker finds them. */
export const BUGS = ['drop-batch-mate', 'run-twice', 'leak-permit'] as const;
export type Bug = (typeof BUGS)[number];

/** Any method of a class of the engine, as a patch sees it. */
type Method = (this: Record<string, unknown>, ...args: unknown[]) => unknown;
type Methods = Record<string, Method>;

/** Permits before the one that is leaked. */
const LEAKED = 1_000;

/**
 * Builds a mistake into the engine of this process, which has to be the one from source: in the built package there are
 * no classes to take hold of. Gives the function that takes it out again.
 */
export async function inject(bug: Bug, subject: Subject): Promise<() => void> {
  const dispatcher = await prototypeOf(subject, 'src/dispatch/dispatcher', 'Dispatcher');
  switch (bug) {
    case 'drop-batch-mate':
      return dropBatchMate(dispatcher, await prototypeOf(subject, 'src/lanes/thread-lane', 'ThreadLane'));
    case 'run-twice':
      return runTwice(dispatcher);
    case 'leak-permit':
      return leakPermit(await prototypeOf(subject, 'src/admission/gate', 'Gate'));
  }
}

/** When a thread dies, one task that had not started is not put back. */
function dropBatchMate(dispatcher: Methods, lane: Methods): () => void {
  let dropped = false;
  let burying = false;
  const restoreBuried = wrap(lane, 'buried', function (buried, ...args) {
    burying = true;
    try {
      return buried.apply(this, args);
    } finally {
      burying = false;
    }
  });
  const restoreReturned = wrap(dispatcher, 'returned', function (returned, ...args) {
    if (burying && !dropped) {
      dropped = true;
      return undefined;
    }
    return returned.apply(this, args);
  });
  return () => {
    restoreBuried();
    restoreReturned();
  };
}

/** A task that must not run twice is put back after its thread died in the middle of it. */
function runTwice(dispatcher: Methods): () => void {
  let done = false;
  return wrap(dispatcher, 'failed', function (failed, ...args) {
    const [task, failure] = args as [{ agent: { idempotent: boolean } }, { code: string }];
    if (done || failure.code !== 'HANDLER_FAILED' || task.agent.idempotent) return failed.apply(this, args);
    done = true;
    return this.returned === undefined ? undefined : (this.returned as Method).call(this, task);
  });
}

/** A task ends, and its permit stays taken. */
function leakPermit(gate: Methods): () => void {
  let seen = 0;
  return wrap(gate, 'leave', function (leave, ...args) {
    return ++seen === LEAKED ? undefined : leave.apply(this, args);
  });
}

function wrap(
  methods: Methods,
  name: string,
  replacement: (this: Record<string, unknown>, original: Method, ...args: unknown[]) => unknown,
): () => void {
  const original = methods[name];
  if (original === undefined) throw new Error(`the engine has no method ${name} to build a mistake into`);
  methods[name] = function (...args) {
    return replacement.call(this, original, ...args);
  };
  return () => {
    methods[name] = original;
  };
}

async function prototypeOf(subject: Subject, module: string, className: string): Promise<Methods> {
  const found = (await import(subject.module(module))) as Record<string, { readonly prototype: Methods }>;
  const { prototype } = found[className] ?? {};
  if (prototype === undefined) throw new Error(`${module} has no class ${className}`);
  return prototype;
}
