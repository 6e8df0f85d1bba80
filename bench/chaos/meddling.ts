import type { CancelFilter } from '../../src/contract/cancel.ts';
import type { FaultOptions } from '../../src/contract/fault.ts';
import { PRIORITY_LEVELS } from '../../src/contract/options.ts';
import { DRILLED, type Drilled, type Ending } from './kinds.ts';
import type { TaskPlan } from './plan.ts';

/** What chance says of one burst and one question, in [0, 1). */
export type Draw = (question: number) => number;

/** A call of `engine.cancel`. */
export interface BulkCancel {
  readonly filter: Exclude<CancelFilter, { readonly all: true }>;
}

/** A fault, and after how many tasks have ended it is taken away. */
export interface Drill {
  readonly agent: Drilled;
  readonly options: FaultOptions & { readonly agent: Drilled };
  readonly tasks: number;
}

/** One burst in so many is followed by a bulk cancel; one in so many begins a fault. */
const BULK_EVERY = 12;
const DRILL_EVERY = 12;
/** How many tasks end under a fault, at most: it takes a while until threads hear of it. */
const MOST_TASKS = 3_000;
export const TAGS = 32;
export const TENANTS = 8;
const CANCELLED_AGENTS = ['text', 'spin', 'slow', 'fail', 'crash', 'polite', 'wait', 'report', 'never'];
const CANCELLED_LATER = ['flaky', 'flaky call', 'isolated', 'drill', 'drill call', 'again'];

/** Whom a burst has cancelled, if it does. */
export function bulkOf(draw: Draw): BulkCancel | undefined {
  if (draw(0) * BULK_EVERY >= 1) return undefined;
  const pick = (count: number) => Math.floor(draw(1) * count);
  const agents = [...CANCELLED_AGENTS, ...CANCELLED_LATER];
  switch (Math.floor(draw(2) * 4)) {
    case 0:
      return { filter: { tag: `tag ${pick(TAGS)}` } };
    case 1:
      return { filter: { agent: agents[pick(agents.length)]! } };
    case 2:
      return { filter: { priority: draw(3) < 0.5 ? { max: -1 - pick(5) } : { min: 1 + pick(4), max: 4 } } };
    default:
      return { filter: { tenant: `tenant ${pick(TENANTS)}` } };
  }
}

/** Whether a filter of `bulkOf` means a task. */
export function isMeant({ filter }: BulkCancel, { kind, priority, tenant, tag }: TaskPlan): boolean {
  const level = typeof priority === 'number' ? priority : PRIORITY_LEVELS[priority];
  if (filter.tag !== undefined) return tag === filter.tag;
  if (filter.agent !== undefined) return kind.agent === filter.agent;
  if (filter.tenant !== undefined) return tenant === filter.tenant;
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = filter.priority!;
  return level >= min && level <= max;
}

/** The fault that a burst begins, if it does. */
export function drillOf(draw: Draw): Drill | undefined {
  if (draw(4) * DRILL_EVERY >= 1) return undefined;
  const agent: Drilled = draw(5) < 0.7 ? 'drill' : 'drill call';
  const forMs = draw(6) < 0.3 ? 1 + Math.floor(draw(7) * 50) : undefined;
  const target = { agent, share: 0.02 + 0.1 * draw(8), ...(forMs !== undefined && { forMs }) };
  const kinds = DRILLED[agent] === 'threads' ? 6 : 3;
  return {
    agent,
    options: { ...target, ...faultOf(draw, kinds) },
    tasks: 1 + Math.floor(draw(9) * MOST_TASKS),
  };
}

function faultOf(draw: Draw, kinds: number): Parameters<typeof endingsUnder>[0] {
  const one = draw(10);
  switch (Math.floor(draw(11) * kinds)) {
    case 0:
      return { kind: 'errors' };
    case 1:
      return { kind: 'slow', delayMs: 1 + Math.floor(one * 60) };
    case 2:
      return { kind: 'hang' };
    case 3:
      return { kind: 'crash', how: 'exit' };
    case 4:
      return { kind: 'crash', how: 'throw' };
    default:
      // What fits in the thread's heap, beside all else.
      return { kind: 'memory', where: one < 0.5 ? 'heap' : 'buffers', mb: 1, maxMb: 4 };
  }
}

type FaultSort = FaultOptions extends infer F
  ? F extends unknown
    ? Omit<F, 'agent' | 'share' | 'forMs'>
    : never
  : never;

/** How a task may end that a fault of this kind may have struck, beside the ways in which it may end anyway. */
export function endingsUnder({ kind }: FaultSort): readonly Ending[] {
  switch (kind) {
    case 'crash':
      return ['WORKER_LOST', 'HANDLER_FAILED'];
    case 'errors':
      return ['HANDLER_FAILED'];
    case 'hang':
    case 'slow':
      return ['TIMEOUT'];
    case 'memory':
      return [];
  }
}
