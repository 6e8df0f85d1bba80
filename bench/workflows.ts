import type { Case } from './case.ts';
import { dagThroughput } from './workflows/dag-throughput.ts';
import { makespan } from './workflows/makespan.ts';
import { mapHeap } from './workflows/map-heap.ts';
import { mapCpu, mapEcho, mapNoop, mapTree } from './workflows/map-throughput.ts';
import { overheadChain, overheadWide } from './workflows/overhead.ts';

/** The bench of workflows, in the order of its report. */
export const WORKFLOWS: readonly Case[] = [
  overheadChain,
  overheadWide,
  mapNoop,
  mapEcho,
  mapCpu,
  mapTree,
  mapHeap,
  ...makespan,
  ...dagThroughput,
];
