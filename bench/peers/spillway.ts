import { type Entry, loadSpillway } from '../subject.ts';
import type { LoopPeer } from './loop-queue.ts';
import { THREADS, type ThreadPeer, WORK_FILE } from './thread-pool.ts';

const ENGINE = {
  threads: { count: THREADS },
  queue: { limit: 2_000_000 },
} as const;

const PRIORITIES = ['high', 'normal', 'low'] as const;

/** Spillway's threads lane, the handler behind every agent of `agents`. */
export function spillwayThreads(subject: Entry, agents: readonly string[] = ['work']): ThreadPeer {
  return {
    name: 'spillway',
    async open(handler) {
      const { createEngine, cpuAgent } = await loadSpillway(subject);
      const engine = await createEngine({
        ...ENGINE,
        admission: { policy: subject.policy },
        agents: agents.map((agent) => cpuAgent(agent, { module: WORK_FILE, export: handler })),
      });
      return {
        run: (input, agent) => engine.run(agent, input as never),
        close: () => engine.close(),
      };
    },
  };
}

/** Spillway's loop lane, with all that is always on: histograms, ageing, events. Tasks take turns in priority. */
export function spillwayLoop(subject: Entry): LoopPeer {
  return {
    name: 'spillway',
    async open(work, limit) {
      const { createEngine, ioAgent } = await loadSpillway(subject);
      const engine = await createEngine({
        ...ENGINE,
        admission: { policy: subject.policy },
        agents: [ioAgent('work', { run: work, limit })],
      });
      return {
        run: (input) => engine.run('work', input, { priority: PRIORITIES[input % 3] as 'high' }),
        close: () => engine.close(),
      };
    },
  };
}
