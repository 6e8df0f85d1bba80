import type { Workflow } from '../../src/index.ts';
import { closedLoop } from '../closed-loop.ts';
import { type HandlerName, THREADS, WORK_FILE } from '../peers/thread-pool.ts';
import { SPILLWAY } from '../row.ts';
import { type Entry, loadSpillway } from '../subject.ts';

/** Tasks under way at once, as in the bench of the lanes. */
const OUTSTANDING = 2_000;
/** Outputs, or sums of outputs, that one task of the reduction takes. */
const FAN_IN = 1_000;

/** The map itself, and the engine without a workflow. */
export const MAP_CONTENDERS = [SPILLWAY, 'engine.run', 'engine.stream'] as const;
export type MapContender = (typeof MAP_CONTENDERS)[number];

/** What is done for each item. */
export interface MapWork {
  readonly handler: HandlerName;
  readonly item: (index: number, spinSteps: number) => unknown;
  /** Whether the outputs, which are numbers then, are added up on the threads. */
  readonly reduce: boolean;
  readonly spinSteps: number;
}

export interface OpenMap {
  /** Resolves with the outputs in order, or with their sum alone. */
  run(items: number): Promise<readonly unknown[]>;
  close(): Promise<void>;
}

export async function openMap(subject: Entry, contender: MapContender, work: MapWork): Promise<OpenMap> {
  const spillway = await loadSpillway(subject);
  const { createEngine, cpuAgent, workflow } = spillway;
  const engine = await createEngine({
    threads: { count: THREADS },
    admission: { policy: subject.policy },
    agents: [
      cpuAgent('work', { module: WORK_FILE, export: work.handler }),
      cpuAgent('sum', { module: WORK_FILE, export: 'sum' }),
    ],
  });
  const itemOf = (index: number) => work.item(index, work.spinSteps);
  const builder = workflow<number>('map', { concurrency: OUTSTANDING }).map('items', {
    over: ({ input }) => itemsOf(input, itemOf),
    agent: 'work',
    concurrency: OUTSTANDING,
  });
  const definition = (
    work.reduce ? builder.reduce('total', { of: 'items', agent: 'sum', fanIn: FAN_IN }) : builder
  ).build() as Workflow<number, { readonly items?: readonly unknown[]; readonly total?: unknown }>;
  const sum = async (values: readonly unknown[]) =>
    work.reduce ? [await engine.run('sum', values as never)] : values;
  const runs: Record<MapContender, OpenMap['run']> = {
    async spillway(items) {
      const run = await engine.start(definition, items);
      const { status, data, errors } = await run.result();
      if (status !== 'success') throw new Error(`the run ended as ${status}: ${errors[0]?.message}`);
      const { items: values, total } = data as {
        readonly items?: readonly unknown[];
        readonly total?: unknown;
      };
      return values ?? [total];
    },
    'engine.run': async (items) =>
      sum(await closedLoop(items, OUTSTANDING, (index) => engine.run('work', itemOf(index) as never))),
    async 'engine.stream'(items) {
      const values: unknown[] = [];
      const source = itemsOf(items, itemOf);
      for await (const outcome of engine.stream('work', source as Iterable<never>, { ordered: true })) {
        if (outcome.status !== 'completed') throw outcome.error;
        values.push(outcome.value);
      }
      return sum(values);
    },
  };
  return { run: runs[contender], close: () => engine.close() };
}

/** Made as they are asked for: none is kept by the source. */
function* itemsOf(count: number, itemOf: (index: number) => unknown): Generator<unknown> {
  for (let index = 0; index < count; index++) yield itemOf(index);
}
