import { ENDINGS, type Ending } from './kinds.ts';
import type { LogEntry } from './log.ts';
import type { TaskPlan } from './plan.ts';

/** The rules that a run has to keep. */
export const RULES = {
  lost: 'every task that was submitted ends',
  doubled: 'no task ends twice',
  'wrong ending': 'a task ends in a way that it may end in',
  'wrong value': 'a result is the one that the input demands',
  'never ran': 'nothing is said of a run that never was',
  'ran twice': 'a task that must not run twice does not',
  permit: 'every permit comes back, once',
  counts: "the engine's counts are those of the log and of the handlers",
  threads: 'every thread that died was replaced',
  memory: 'resident memory stays as it is',
} as const;
export type RuleName = keyof typeof RULES;

/** Something that is not as it has to be. */
export interface Finding {
  readonly rule: RuleName;
  readonly message: string;
}

/** What was to happen, to each task. */
export interface Demands {
  readonly tasks: number;
  planOf(task: number): TaskPlan;
  endingsOf(plan: TaskPlan): readonly Ending[];
  expectedOf(plan: TaskPlan): number;
  isAtMostOnce(kind: TaskPlan['kind']): boolean;
}

/** What is to be judged: written by the bench and by the handlers, never by the engine. */
export interface Evidence {
  readonly demands: Demands;
  readonly entries: Iterable<LogEntry>;
  /** How often each handler was entered, and came to its end. */
  readonly begun: ArrayLike<number>;
  readonly done: ArrayLike<number>;
  /** Threads that died. */
  readonly deaths: number;
}

/** How many tasks ended in which way. */
export type Endings = Readonly<Record<Ending, number>>;

/** What the log says that came of the tasks. */
export interface Replay {
  readonly endings: Endings;
  /** The same, for each agent. */
  readonly endingsOf: Readonly<Record<string, Endings>>;
  readonly submitted: number;
  /** Entries into handlers, for each agent. */
  readonly begunOf: Readonly<Record<string, number>>;
  /** Runs beyond the first: of tasks whose thread died before their result was known. */
  readonly reruns: number;
  readonly findings: readonly Finding[];
}

type Ended = Extract<LogEntry, { readonly op: 'ended' }>;
const NEVER_RAN: ReadonlySet<Ending> = new Set(['rejected']);
/** Endings that say that the handler ran. */
const RAN: ReadonlySet<Ending> = new Set([
  'completed',
  'HANDLER_FAILED',
  'TIMEOUT',
  'WORKER_LOST',
  'RESULT_NOT_CLONEABLE',
]);

/** Replays the log of a run and says, task by task, what is not as it has to be. Knows nothing of the engine. */
export function replay(evidence: Evidence): Replay {
  const { demands, entries, begun } = evidence;
  const findings: Finding[] = [];
  const found = (rule: RuleName, message: string) => findings.push({ rule, message });
  const submitted = new Uint8Array(demands.tasks);
  const ended = new Uint8Array(demands.tasks);
  const cancelAsked = new Uint8Array(demands.tasks);
  const endings = noEndings();
  const endingsOf: Record<string, Record<Ending, number>> = {};
  const begunOf: Record<string, number> = {};
  const permits = new Permits();
  for (const entry of entries) {
    if (entry.op === 'released') permits.back(entry.waitMs, entry.serviceMs);
    else if (entry.op === 'submitted') submitted[entry.task]!++;
    else if (entry.op === 'cancelled') cancelAsked[entry.task] = 1;
    else {
      const { task, ending } = entry;
      const { name: kind, agent } = demands.planOf(task).kind;
      endingsOf[agent] ??= noEndings();
      endings[ending]++;
      endingsOf[agent][ending]++;
      if (++ended[task]! > 1) found('doubled', `task ${task} ended ${ended[task]} times, last as ${ending}`);
      const name = `task ${task} (${kind})`;
      for (const [rule, message] of wrongs(evidence, entry, cancelAsked[task] === 1)) {
        found(rule, `${name} ${message}`);
      }
      // Who was turned away has no permit.
      if (ending !== 'rejected') permits.owed(task, entry.waitMs, entry.serviceMs);
    }
  }
  let reruns = 0;
  for (let task = 0; task < demands.tasks; task++) {
    const { kind } = demands.planOf(task);
    const name = `task ${task} (${kind.name})`;
    const times = begun[task]!;
    if (submitted[task]! > 0 && ended[task] === 0) {
      found('lost', `${name} never ended; its handler was entered ${times} times`);
    }
    if (submitted[task] === 0 && times > 0) found('never ran', `${name} ran and was never submitted`);
    begunOf[kind.agent] = (begunOf[kind.agent] ?? 0) + times;
    if (times <= 1) continue;
    reruns += times - 1;
    if (demands.isAtMostOnce(kind))
      found('ran twice', `${name} must run at most once, and ran ${times} times`);
    else if (times > 1 + evidence.deaths) {
      found('ran twice', `${name} ran ${times} times, though only ${evidence.deaths} threads died`);
    }
  }
  for (const message of permits.verdict()) found('permit', message);
  const count = submitted.reduce((sum, n) => sum + n, 0);
  return { endings, endingsOf, begunOf, submitted: count, reruns, findings };
}

function noEndings(): Record<Ending, number> {
  return Object.fromEntries(ENDINGS.map((ending) => [ending, 0])) as Record<Ending, number>;
}

/** What is wrong with one ending. */
function* wrongs(
  { demands, begun, done }: Evidence,
  { task, ending, digest }: Ended,
  cancelAsked: boolean,
): Iterable<[RuleName, string]> {
  const plan = demands.planOf(task);
  const allowed = demands.endingsOf(plan);
  if (!allowed.includes(ending)) yield ['wrong ending', `ended as ${ending}, not as ${allowed.join(' or ')}`];
  if (ending === 'cancelled' && !cancelAsked)
    yield ['wrong ending', 'was cancelled, and nobody had asked for it'];
  if (RAN.has(ending) && begun[task] === 0)
    yield ['never ran', `ended as ${ending}, and its handler never ran`];
  if (NEVER_RAN.has(ending) && begun[task] !== 0)
    yield ['never ran', `was ${ending}, and its handler ran all the same`];
  if (ending !== 'completed') return;
  if (done[task] === 0) yield ['never ran', 'completed, and its handler never came to its end'];
  const expected = demands.expectedOf(plan);
  if (digest !== expected) yield ['wrong value', `completed with ${digest}, not with ${expected}`];
}

/**
 * Permits that came back, held against the tasks that ended. The engine tells its limit no names, only how long the
 * task waited and ran: the times that the task's outcome has as well.
 */
class Permits {
  private readonly open = new Map<string, number[]>();
  private readonly surplus = new Map<string, number>();

  back(waitMs: number, serviceMs: number): void {
    const key = `${waitMs} ${serviceMs}`;
    if (this.takeOwed(key) === undefined) this.surplus.set(key, (this.surplus.get(key) ?? 0) + 1);
  }

  owed(task: number, waitMs: number, serviceMs: number): void {
    const key = `${waitMs} ${serviceMs}`;
    const before = this.surplus.get(key);
    if (before === undefined) this.open.set(key, [...(this.open.get(key) ?? []), task]);
    else if (before === 1) this.surplus.delete(key);
    else this.surplus.set(key, before - 1);
  }

  *verdict(): Iterable<string> {
    for (const tasks of this.open.values()) {
      for (const task of tasks) yield `task ${task} ended, and its permit never came back`;
    }
    for (const [times, count] of this.surplus) {
      yield `${count} permits came back for a task that waited and ran ${times.replace(' ', ' and ')} ms, and no task has these times`;
    }
  }

  private takeOwed(key: string): number | undefined {
    const tasks = this.open.get(key);
    const task = tasks?.shift();
    if (tasks?.length === 0) this.open.delete(key);
    return task;
  }
}
