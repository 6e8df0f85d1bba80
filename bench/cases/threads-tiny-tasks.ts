import { type ApartCase, alternateApart } from '../apart.ts';
import type { CaseOptions, Size } from '../case.ts';
import { closedLoop, throughput } from '../closed-loop.ts';
import type { Contender } from '../harness.ts';
import { spillwayThreads } from '../peers/spillway.ts';
import { THREAD_PEERS } from '../peers/thread-peers.ts';
import type { ThreadPeer } from '../peers/thread-pool.ts';
import { record } from '../record.ts';
import { atLeast, compare, type Target } from '../row.ts';

/** Tasks of a pass, tasks outstanding, and how long a sample and the warm-up are at least. */
const SIZES: Record<Size, { tasks: number; outstanding: number; minMs: number; warmUpMs: number }> = {
  full: { tasks: 10_000, outstanding: 2_000, minMs: 400, warmUpMs: 3_000 },
  quick: { tasks: 4_000, outstanding: 2_000, minMs: 100, warmUpMs: 200 },
  tiny: { tasks: 300, outstanding: 50, minMs: 0, warmUpMs: 0 },
};

/** How many tiny tasks a second come back, if the handler does nothing but return what it got? */
function tinyTasks(
  name: string,
  question: string,
  target: Target,
  input: (index: number) => unknown,
): ApartCase {
  function contend(peer: ThreadPeer, size: Size): Contender {
    const { tasks, outstanding } = SIZES[size];
    return {
      name: peer.name,
      async open() {
        const pool = await peer.open('echo');
        const pass = () => closedLoop(tasks, outstanding, (index) => pool.run(input(index), 'work'));
        return { ...throughput(pass, SIZES[size]), close: () => pool.close() };
      },
    };
  }
  return {
    name,
    question,
    contenders: ({ subject, size }) =>
      [spillwayThreads(subject), ...THREAD_PEERS].map((peer) => contend(peer, size)),
    async run(options: CaseOptions) {
      const results = await alternateApart(this, options);
      return [compare({ case: name, unit: 'tasks/s', better: 'more', target, results })];
    },
  };
}

export const threadsNoop = tinyTasks(
  'threads-noop',
  'How many no-op tasks on a number come back from 2 threads, 2,000 outstanding?',
  atLeast(10),
  (index) => index,
);

export const threadsEcho = tinyTasks(
  'threads-echo-200B',
  'How many objects of about 200 bytes come back from 2 threads, 2,000 outstanding?',
  atLeast(7),
  record,
);
