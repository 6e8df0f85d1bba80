import type { TaskContext } from '../src/contract/agent.ts';
import { systemRandom } from '../src/contract/clock.ts';
import { InjectedFaultError, type ThreadFault } from '../src/contract/fault.ts';

type Run = (input: unknown, ctx: TaskContext) => unknown;

const MB = 2 ** 20;
const EXIT_CODE = 13;

/** The handler with all faults before it. */
export function withFaults(run: Run, faults: readonly ThreadFault[]): Run {
  return faults.reduce<Run>((inner, fault) => withFault(inner, fault), run);
}

function withFault(run: Run, threadFault: ThreadFault): Run {
  const { fault, ended } = threadFault;
  const strike = striker(threadFault);
  return (input, ctx) => {
    const struck = Atomics.load(ended, 0) === 0 && systemRandom() < fault.share ? strike() : undefined;
    return struck ?? run(input, ctx);
  };
}

/** What a fault does to a call. Gives a promise if the handler is not to run. */
function striker({ fault, ended }: ThreadFault): () => Promise<never> | undefined {
  switch (fault.kind) {
    case 'crash':
      return () => crash(fault.how);
    case 'hang':
      return () => {
        while (Atomics.load(ended, 0) === 0);
        return undefined;
      };
    case 'slow':
      return () => {
        Atomics.wait(ended, 0, 0, fault.delayMs);
        return undefined;
      };
    case 'errors':
      return () => {
        throw new InjectedFaultError(fault.message);
      };
    case 'memory':
      return hoarder(fault.where, fault.mb, fault.maxMb);
  }
}

function crash(how: 'exit' | 'throw'): Promise<never> {
  if (how === 'exit') process.exit(EXIT_CODE);
  // Out of the reach of whoever awaits the call.
  setImmediate(() => {
    throw new InjectedFaultError('injected fault: nobody catches this');
  });
  return new Promise(() => {});
}

/** Keeps more with each call. What it keeps goes when the fault is taken away. */
function hoarder(where: 'heap' | 'buffers', mb: number, maxMb: number): () => undefined {
  const hoard: object[] = [];
  return () => {
    if ((hoard.length + 1) * mb > maxMb) return undefined;
    const bytes = Math.ceil(mb * MB);
    // Both are written to: memory that nobody touches is not there yet.
    hoard.push(
      where === 'heap' ? new Array(Math.ceil(bytes / 8)).fill(0.5 + hoard.length) : Buffer.alloc(bytes, 1),
    );
    return undefined;
  };
}
