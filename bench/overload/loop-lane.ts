import { BulkheadRejectedError, bulkhead } from 'cockatiel';
import PQueue from 'p-queue';
import { startUpstream } from '../../src/upstream/start-upstream.ts';
import type { Size } from '../case.ts';
import type { Spillway, Subject } from '../subject.ts';
import { openCalls } from './calls.ts';
import { closedLoopRate } from './closed-loop-rate.ts';
import { endingOf, type OverloadContender } from './contender.ts';
import type { OverloadLane } from './lane.ts';
import { DURATIONS } from './plan.ts';
import { spillwayContender } from './spillway-contender.ts';

/** So that the knee alone decides how much the upstream can do, no rate limit of its own. */
const UPSTREAM = { knee: 24, baseMs: 100, ratePerSecond: 1_000_000, burst: 1_000_000 } as const;
/** Eight times what a call takes. */
const SLO_MS = 800;
/** Calls at once that the peers are given, and Spillway's fixed limit: what somebody guesses. */
const SLOTS = 64;
/** Calls that wait in the bulkhead: as guessed, and as few as its slots, which suits the objective. */
const BULKHEAD_QUEUES = [200, SLOTS] as const;
/** At which the capacity is looked for. */
const CONCURRENCIES = [16, 24, 32] as const;
const PRIORITY_NUMBER = { high: 10, normal: 0, low: -10 } as const;

type Call = (input: number) => Promise<number>;

/** HTTP calls to the bundled upstream, a process of its own. */
export async function loopLane(subject: Subject, size: Size): Promise<OverloadLane> {
  const durations = DURATIONS.loop[size];
  const upstream = await startUpstream(UPSTREAM);
  const { call, close } = openCalls(upstream.baseUrl);
  const objective = { slo: { p99Ms: SLO_MS } };
  return {
    name: 'loop',
    work: `HTTP calls of ${UPSTREAM.baseMs} ms to an upstream that gets slower past ${UPSTREAM.knee} at once`,
    sloMs: SLO_MS,
    durations,
    // How long an answer is, in tokens.
    input: () => 1,
    weightOf: () => 1,
    contenders: [
      spillwayContender('spillway', subject, objective, ({ ioAgent }, name) => ioAgent(name, { run: call })),
      spillwayContender(
        'spillway fixed 0.8',
        subject,
        { ...objective, admission: { policy: 'fixed' } },
        ({ ioAgent }: Spillway, name) => ioAgent(name, { run: call, limit: SLOTS }),
      ),
      pQueue(call),
      ...BULKHEAD_QUEUES.map((queue) => cockatielBulkhead(call, queue)),
    ],
    capacitySettings: CONCURRENCIES.map((outstanding) => ({
      name: `${outstanding} calls at once`,
      async measure() {
        const bare = { send: (tokens: number) => endingOf(call(tokens), () => false), close: async () => {} };
        const { perSecond, p99Ms } = await closedLoopRate(bare, {
          outstanding,
          measureMs: durations.capacityMs,
          next: () => ({ input: 1, weight: 1 }),
        });
        return { name: `${outstanding} calls at once`, perSecond, withinObjective: p99Ms <= SLO_MS };
      },
    })),
    async close() {
      close();
      await upstream.close();
    },
  };
}

/** p-queue: its time limit counts from a task's start, and its queue has no end. */
function pQueue(call: Call): OverloadContender {
  return {
    name: `p-queue, ${SLOTS} at once`,
    async open() {
      const queue = new PQueue({ concurrency: SLOTS, timeout: SLO_MS });
      return {
        send: (input, priority) =>
          endingOf(
            queue.add(() => call(input), { priority: PRIORITY_NUMBER[priority] }),
            () => false,
          ),
        async close() {
          queue.clear();
          await queue.onIdle();
        },
      };
    },
  };
}

/** cockatiel's bulkhead. It has no priorities. */
function cockatielBulkhead(call: Call, queue: number): OverloadContender {
  return {
    name: `cockatiel, ${SLOTS} at once, queue ${queue}`,
    async open() {
      const policy = bulkhead(SLOTS, queue);
      const running = new Set<Promise<unknown>>();
      return {
        send(input) {
          const ending = endingOf(
            policy.execute(() => call(input)),
            (error) => error instanceof BulkheadRejectedError,
          );
          running.add(ending);
          void ending.then(() => running.delete(ending));
          return ending;
        },
        // It cannot be emptied: what it holds is let through.
        close: async () => void (await Promise.all(running)),
      };
    },
  };
}
