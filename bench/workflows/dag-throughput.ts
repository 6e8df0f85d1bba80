import { performance } from 'node:perf_hooks';
import { type ApartCase, alternateApart } from '../apart.ts';
import type { CaseOptions, Size } from '../case.ts';
import type { Contender } from '../harness.ts';
import { digestOf } from '../results.ts';
import { compare, SPILLWAY, type Target } from '../row.ts';
import { type Entry, loadSpillway } from '../subject.ts';
import { BULLMQ, LANGGRAPH, openPeer } from './dag-peers.ts';
import { dagWorkflow } from './dag-workflow.ts';
import { type Dag, dagOf, SHAPES, type Shape } from './dags.ts';

const SIZES: Record<Size, { steps: number; minMs: number; warmUpMs: number }> = {
  full: { steps: 1_000, minMs: 1_000, warmUpMs: 3_000 },
  quick: { steps: 1_000, minMs: 300, warmUpMs: 500 },
  tiny: { steps: 20, minMs: 0, warmUpMs: 0 },
};

/** What Spillway has to be ahead by, and what it aims at. */
const FACTORS: Readonly<Record<string, number>> = { [LANGGRAPH]: 10, [BULLMQ]: 5 };

const target: Target = {
  label: Object.entries(FACTORS)
    .map(([peer, factor]) => `>= ${factor}x ${peer}`)
    .join(', '),
  met: ({ spillway, peers }) =>
    Object.keys(peers).length > 0 &&
    Object.entries(peers).every(([peer, value]) => spillway >= value * FACTORS[peer]!),
};

/** How many no-op steps a second, with the graph defined once and run again and again? */
function throughput(shape: Shape): ApartCase {
  const name = `workflow-steps-${shape}`;
  return {
    name,
    question: `How many no-op steps a second in a graph of 1,000 (${shape}), beside LangGraph.js and BullMQ flows?`,
    contenders: ({ subject, size }) =>
      [SPILLWAY, LANGGRAPH, BULLMQ].map((one) => contend(one, shape, subject, size)),
    async run(options: CaseOptions) {
      const results = await alternateApart(this, options);
      const row = compare({ case: name, unit: 'steps/s', better: 'more', target, results });
      const leads = Object.entries(row.peers).map(([peer, value]) => [
        `over ${peer}`,
        `${((row.spillway ?? 0) / value).toFixed(1)}x`,
      ]);
      return [{ ...row, notes: Object.fromEntries(leads) }];
    },
  };
}

function contend(name: string, shape: Shape, subject: Entry, size: Size): Contender {
  const { steps, minMs, warmUpMs } = SIZES[size];
  return {
    name,
    async open() {
      const dag = dagOf(shape, steps);
      const opened = name === SPILLWAY ? await openSpillway(subject, dag) : await openPeer(name, dag);
      const sample = async (leastMs: number) => {
        const startedAtMs = performance.now();
        let ran = 0;
        let runs = 0;
        do {
          ran += await opened.run();
          runs++;
        } while (performance.now() - startedAtMs < leastMs);
        return { value: (ran / (performance.now() - startedAtMs)) * 1_000, hash: digestOf([ran / runs]) };
      };
      return {
        warmUp: async () => void (await sample(warmUpMs)),
        measure: () => sample(minMs),
        close: () => opened.close(),
      };
    },
  };
}

async function openSpillway(subject: Entry, dag: Dag) {
  const spillway = await loadSpillway(subject);
  const engine = await spillway.createEngine({
    admission: { policy: subject.policy },
    agents: [spillway.ioAgent('work', { run: () => 1 })],
  });
  const definition = dagWorkflow(spillway, 'steps', dag);
  return {
    async run() {
      return (await (await engine.start(definition, 0)).result()).metadata.tasks;
    },
    close: () => engine.close(),
  };
}

export const dagThroughput: readonly ApartCase[] = SHAPES.map(throughput);
