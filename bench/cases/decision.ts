import { Bench } from 'tinybench';
import { EpochTally } from '../../src/admission/epoch.ts';
import { Flow } from '../../src/admission/flow.ts';
import { Gate } from '../../src/admission/gate.ts';
import { guardFrom } from '../../src/admission/limit-from.ts';
import { HIGHEST } from '../../src/admission/priority-class.ts';
import { Stations } from '../../src/admission/stations.ts';
import { systemClock } from '../../src/contract/clock.ts';
import { PRIORITY_LEVELS } from '../../src/contract/options.ts';
import type { Case, CaseOptions, Size } from '../case.ts';
import { alternate, type Contender } from '../harness.ts';
import { digestOf } from '../results.ts';
import { compare, figure } from '../row.ts';

const TIME_MS: Record<Size, number> = { full: 300, quick: 100, tiny: 1 };
const QUEUED = 10_000;
const THREADS = 2;
const MEASURED = 1_000;
const CLASS = HIGHEST + 1;
/** Decisions behind one call of the timed function, so that looking at the result does not count. */
const DECISIONS = 1_024;
const TENANTS = Array.from({ length: 100 }, (_, index) => `tenant ${index}`);

/** What is decided, and the most that it may cost. */
const DECISIONS_ASKED = [
  // Short tasks, so that all that are let in within the measurement fit the threads.
  { name: 'admit', sloMs: 10_000, serviceMs: 1e-4, tenants: [undefined], ns: 300 },
  { name: 'admit-tenant', sloMs: 10_000, serviceMs: 1e-4, tenants: TENANTS, ns: 300 },
  { name: 'shed', sloMs: 100, serviceMs: 1, tenants: [undefined], ns: 500 },
] as const;

type Asked = (typeof DECISIONS_ASKED)[number];

/** What does the adaptive policy cost a submit? */
export const decision: Case = {
  name: 'decision',
  question: 'How long does it take to let a task in, or to turn it away, while 10,000 wait?',
  async run(options: CaseOptions) {
    const rows = [];
    for (const asked of DECISIONS_ASKED) {
      const results = await alternate([contend(asked, options.size)], options);
      const target = figure('<=', asked.ns);
      rows.push(compare({ case: `decision-${asked.name}`, unit: 'ns', better: 'less', target, results }));
    }
    return rows;
  },
};

/** The door of an engine with two threads and a long queue, which knows what a task takes. */
function door({ sloMs, serviceMs }: Asked): { readonly gate: Gate; readonly flow: Flow } {
  const stations = new Stations(true);
  const { threads } = stations;
  const gate = new Gate(undefined, stations, systemClock, (error) => {
    throw error;
  });
  gate.guard = guardFrom({}, sloMs);
  const flow = new Flow('agent', threads, sloMs);
  threads.slots = THREADS;
  threads.add(flow);
  for (let task = 0; task < QUEUED; task++) threads.join(flow, CLASS);
  const tally = new EpochTally();
  for (let task = 0; task < MEASURED; task++) threads.complete(flow, tally, 0, serviceMs, systemClock.now());
  return { gate, flow };
}

function contend(asked: Asked, size: Size): Contender {
  return {
    name: 'spillway',
    async open() {
      const { gate, flow } = door(asked);
      const { tenants } = asked;
      const reasons = new Set<string>();
      const decide = () => {
        for (let at = 0; at < DECISIONS; at++) {
          const tenant = tenants[at % tenants.length];
          const shed = gate.enter(flow, PRIORITY_LEVELS.normal, tenant, systemClock.now());
          if (shed !== undefined) reasons.add(shed.reason);
        }
      };
      return {
        async measure() {
          const bench = new Bench({ time: TIME_MS[size], warmupTime: TIME_MS[size] / 3 });
          bench.add(asked.name, decide);
          const [task] = await bench.run();
          if (task?.result.state !== 'completed') throw new Error(`tinybench: ${task?.result.state}`);
          return {
            value: task.result.latency.p50 / (DECISIONS * 1e-6),
            hash: digestOf([[...reasons]]),
          };
        },
        close: async () => {},
      };
    },
  };
}
