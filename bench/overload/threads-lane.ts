import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { lognormal, seededRandom } from '../../src/upstream/seeded-random.ts';
import type { Size } from '../case.ts';
import { THREADS, WORK_FILE } from '../peers/thread-pool.ts';
import { spinSteps } from '../spin-steps.ts';
import type { Spillway, Subject } from '../subject.ts';
import { closedLoopRate } from './closed-loop-rate.ts';
import { endingOf, type OverloadContender } from './contender.ts';
import type { OverloadLane } from './lane.ts';
import { DURATIONS } from './plan.ts';
import { spillwayContender } from './spillway-contender.ts';

const SERVICE = { meanMs: 5, sigma: 0.8 } as const;
const SLO_MS = 100;
/** Enough that no thread ever waits for work. */
const OUTSTANDING = 64;
const LONG_QUEUE = 10_000;

const agentOf = ({ cpuAgent }: Spillway, name: string) =>
  cpuAgent(name, { module: WORK_FILE, export: 'spin' });

/** CPU work on two threads. */
export function threadsLane(subject: Subject, size: Size, seed: number): OverloadLane {
  const durations = DURATIONS.threads[size];
  const meanSteps = spinSteps(SERVICE.meanMs);
  const input: OverloadLane['input'] = (random) =>
    Math.max(1, Math.round(meanSteps * lognormal(SERVICE.sigma, random)));
  const weightOf = (steps: number): number => steps / meanSteps;
  const common = { threads: { count: THREADS }, slo: { p99Ms: SLO_MS } };
  const unbounded = spillwayContender(
    'spillway without a policy',
    subject,
    { ...common, admission: { policy: 'none' } },
    agentOf,
  );
  return {
    name: 'threads',
    work: `${THREADS} threads, CPU work of ${SERVICE.meanMs} ms on average, lognormal with sigma ${SERVICE.sigma}`,
    sloMs: SLO_MS,
    durations,
    input,
    weightOf,
    contenders: [
      spillwayContender('spillway', subject, common, agentOf),
      spillwayContender(
        'spillway fixed 0.8',
        subject,
        { ...common, admission: { policy: 'fixed' } },
        agentOf,
      ),
      piscina("piscina maxQueue 'auto'", 'auto'),
      piscina(`piscina maxQueue ${LONG_QUEUE.toLocaleString('en-US')}`, LONG_QUEUE),
    ],
    capacitySettings: [unbounded, piscina('piscina', Number.POSITIVE_INFINITY)].map((contender) => ({
      name: contender.name,
      async measure() {
        const random = seededRandom(seed);
        const opened = await contender.open();
        try {
          const { perSecond } = await closedLoopRate(opened, {
            outstanding: OUTSTANDING,
            measureMs: durations.capacityMs,
            next() {
              const steps = input(random);
              return { input: steps, weight: weightOf(steps) };
            },
          });
          // So much waits that the objective says nothing here.
          return { name: contender.name, perSecond, withinObjective: true };
        } finally {
          await opened.close();
        }
      },
    })),
    close: async () => {},
  };
}

/** Piscina as it comes, but for threads and queue. It has no priorities. */
function piscina(name: string, maxQueue: number | 'auto'): OverloadContender {
  return {
    name,
    async open() {
      const pool = new Piscina({
        filename: fileURLToPath(WORK_FILE),
        name: 'spin',
        minThreads: THREADS,
        maxThreads: THREADS,
        maxQueue,
      });
      return {
        send: (steps) => endingOf(pool.run(steps), isFullQueue),
        close: () => pool.destroy(),
      };
    },
  };
}

/** Piscina tells by the message alone. */
function isFullQueue(error: unknown): boolean {
  return error instanceof Error && /queue is at limit|queue available/i.test(error.message);
}
