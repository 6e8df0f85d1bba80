import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Case, CaseOptions } from './case.ts';
import { alternate, type Contender, type Result, type Sample, type Trial } from './harness.ts';
import type { Entry } from './subject.ts';

/** A case whose contenders can be set up in any process. */
export interface ApartCase extends Case {
  /** What all contenders must agree on and no process may find out for itself; plain data. */
  prepare?(options: CaseOptions): unknown;
  contenders(options: ContenderOptions, prepared: unknown): readonly Contender[];
}

/** What contenders may know. */
export type ContenderOptions = Omit<CaseOptions, 'subject'> & { readonly subject: Entry };

/** What a child is told to do, one after the other. */
export type Order =
  | {
      readonly kind: 'open';
      readonly case: string;
      readonly contender: string;
      readonly size: CaseOptions['size'];
      readonly subject: Entry;
      readonly prepared: unknown;
    }
  | { readonly kind: 'warmUp' | 'close' }
  | { readonly kind: 'measure'; readonly round: number };

/** What it answers to each. */
export type Answer =
  | { readonly ok: true; readonly sample?: Sample }
  | { readonly ok: false; readonly message: string };

const CHILD = new URL('children/contender.ts', import.meta.url);

/**
 * Measures each contender of a case in a process of its own, in alternating rounds, as a user has it: no code is
 * compiled to suit another pool, and nobody pays for another's garbage.
 */
export async function alternateApart(one: ApartCase, options: CaseOptions): Promise<readonly Result[]> {
  const prepared = one.prepare?.(options);
  const contenders = one.contenders(options, prepared);
  if (options.together) return alternate(contenders, options);
  return alternate(
    contenders.map(({ name }) => inChild(one, name, options, prepared)),
    options,
  );
}

function inChild(one: ApartCase, contender: string, options: CaseOptions, prepared: unknown): Contender {
  return {
    name: contender,
    async open() {
      const { size } = options;
      const { entry, execArgv, policy } = options.subject;
      const child = fork(fileURLToPath(CHILD), [], {
        execArgv: ['--import', 'tsx'],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      await ask(child, {
        kind: 'open',
        case: one.name,
        contender,
        size,
        subject: { entry, execArgv, policy },
        prepared,
      });
      return trialIn(child);
    },
  };
}

function trialIn(child: ChildProcess): Trial {
  return {
    warmUp: async () => void (await ask(child, { kind: 'warmUp' })),
    async measure(round) {
      const { sample } = await ask(child, { kind: 'measure', round });
      if (sample === undefined) throw new Error('the child measured nothing');
      return sample;
    },
    async close() {
      try {
        await ask(child, { kind: 'close' });
      } finally {
        child.kill('SIGKILL');
      }
    },
  };
}

async function ask(child: ChildProcess, order: Order): Promise<{ readonly sample?: Sample }> {
  const stop = new AbortController();
  const { signal } = stop;
  const died = once(child, 'exit', { signal }).then(([code, by]) => {
    throw new Error(`the contender's process ended with ${code ?? by}`);
  });
  const answered = once(child, 'message', { signal }).then(([answer]) => answer as Answer);
  try {
    child.send(order);
    const answer = await Promise.race([answered, died]);
    if (!answer.ok) throw new Error(answer.message);
    return answer;
  } finally {
    // Neither is waited for any more.
    Promise.allSettled([answered, died]);
    stop.abort();
  }
}
