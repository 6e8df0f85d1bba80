import type { Policy } from '../subject.ts';
import { Circumstances, type Meddlings } from './circumstances.ts';
import { CODES, ENDINGS, type Ending } from './kinds.ts';
import type { LogEntry } from './log.ts';
import { Permits } from './permits.ts';
import type { TaskPlan } from './plan.ts';

/** The rules that a run has to keep. */
export const RULES = {
  lost: 'every task that was submitted ends',
  doubled: 'no task ends twice',
  'wrong ending': 'a task ends in a way that it may end in',
  'wrong value': 'a result is the one that the input demands',
  'never ran': 'nothing is said of a run that never was',
  'ran twice': 'a task that must not run twice does not',
  attempts: 'no task is tried more often than it may be, or less often than it has to be',
  cancel: 'cancelling ends what it means, and says how many',
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
export interface Demands extends Meddlings {
  readonly tasks: number;
  /** Whether the bench's own limit decides who is let in, and sees the permits that come back. */
  readonly policy: Policy;
  attemptsOf(kind: TaskPlan['kind']): number;
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
  /** Attempts that failed, for each agent. */
  readonly failedOf: Readonly<Record<string, number>>;
  /** Attempts that failed and were followed by another one. */
  readonly retries: number;
  /** Runs beyond the first that no retry is the reason of: of tasks whose thread died before their result was known. */
  readonly reruns: number;
  readonly findings: readonly Finding[];
}

type Ended = Extract<LogEntry, { readonly op: 'ended' }>;
const NEVER_RAN: ReadonlySet<Ending> = new Set(['rejected']);
/** Endings that say that the handler ran. */
const RAN: ReadonlySet<Ending> = new Set(['completed', ...CODES]);

/** Replays the log of a run and says, task by task, what is not as it has to be. Knows nothing of the engine. */
export function replay(evidence: Evidence): Replay {
  const { demands, entries, begun } = evidence;
  const findings: Finding[] = [];
  const found = (rule: RuleName, message: string) => findings.push({ rule, message });
  const nameOf = (task: number) => `task ${task} (${demands.planOf(task).kind.name})`;
  const submitted = new Uint8Array(demands.tasks);
  const ended = new Uint8Array(demands.tasks);
  const attempts = new Uint8Array(demands.tasks);
  const circumstances = new Circumstances(demands);
  const endings = noEndings();
  const endingsOf: Record<string, Record<Ending, number>> = {};
  const begunOf: Record<string, number> = {};
  const failedOf: Record<string, number> = {};
  const permits = new Permits();
  let granted = 0;
  let retries = 0;
  for (const entry of entries) {
    switch (entry.op) {
      case 'released':
        permits.back(entry.waitMs, entry.serviceMs);
        break;
      case 'submitted':
        submitted[entry.task]!++;
        circumstances.submitted(entry.task);
        break;
      case 'cancelled':
        circumstances.cancelled(entry.task);
        break;
      case 'granted':
        granted += entry.count;
        break;
      case 'bulk':
        circumstances.bulkCancelled(entry.burst);
        break;
      case 'turned':
        for (const task of circumstances.turned())
          found('cancel', `${nameOf(task)} was meant by a bulk cancel, and went on`);
        break;
      case 'drill':
        circumstances.drillBegan(entry.burst);
        break;
      case 'drill over':
        circumstances.drillEnded(entry.burst);
        break;
      case 'ended': {
        const { task, ending } = entry;
        const { agent } = demands.planOf(task).kind;
        endingsOf[agent] ??= noEndings();
        endings[ending]++;
        endingsOf[agent][ending]++;
        failedOf[agent] = (failedOf[agent] ?? 0) + entry.failed;
        attempts[task] = entry.attempts;
        retries += Math.max(0, entry.attempts - 1);
        if (++ended[task]! > 1)
          found('doubled', `task ${task} ended ${ended[task]} times, last as ${ending}`);
        const { wasAsked, struck } = circumstances.ended(task);
        for (const [rule, message] of wrongs(evidence, entry, wasAsked, struck)) {
          found(rule, `${nameOf(task)} ${message}`);
        }
        // Who was turned away has no permit.
        if (demands.policy !== 'none' || ending === 'rejected') break;
        if (ending === 'completed' && entry.attempts > 1) permits.owedAtAnyTime();
        else permits.owed(task, entry.waitMs, entry.serviceMs);
      }
    }
  }
  let reruns = 0;
  for (let task = 0; task < demands.tasks; task++) {
    const { kind } = demands.planOf(task);
    const times = begun[task]!;
    if (submitted[task]! > 0 && ended[task] === 0) {
      found('lost', `${nameOf(task)} never ended; its handler was entered ${times} times`);
    }
    if (submitted[task] === 0 && times > 0) found('never ran', `${nameOf(task)} ran and was never submitted`);
    begunOf[kind.agent] = (begunOf[kind.agent] ?? 0) + times;
    const surplus = times - Math.max(1, attempts[task]!);
    if (surplus <= 0) continue;
    reruns += surplus;
    if (demands.isAtMostOnce(kind))
      found('ran twice', `${nameOf(task)} must run at most once, and ran ${times} times`);
    else if (surplus > evidence.deaths) {
      found('ran twice', `${nameOf(task)} ran ${times} times, though only ${evidence.deaths} threads died`);
    }
  }
  if (granted !== endings.cancelled)
    found('cancel', `the engine says that it cancelled ${granted} tasks, and ${endings.cancelled} were`);
  for (const message of permits.verdict()) found('permit', message);
  const count = submitted.reduce((sum, n) => sum + n, 0);
  return { endings, endingsOf, begunOf, failedOf, submitted: count, retries, reruns, findings };
}

function noEndings(): Record<Ending, number> {
  return Object.fromEntries(ENDINGS.map((ending) => [ending, 0])) as Record<Ending, number>;
}

/** What is wrong with one ending. */
function* wrongs(
  { demands, begun, done }: Evidence,
  ended: Ended,
  wasAsked: boolean,
  struck: ReadonlySet<Ending> | undefined,
): Iterable<[RuleName, string]> {
  const { task, ending, digest } = ended;
  const plan = demands.planOf(task);
  yield* attemptWrongs(plan, ended, demands.attemptsOf(plan.kind));
  if (ending === 'cancelled') {
    if (!wasAsked) yield ['wrong ending', 'was cancelled, and nobody had asked for it'];
    return;
  }
  const allowed = [...demands.endingsOf(plan), ...(struck ?? [])];
  if (!allowed.includes(ending)) yield ['wrong ending', `ended as ${ending}, not as ${allowed.join(' or ')}`];
  const mayFailUnentered = plan.kind.mayFailUnentered || (struck !== undefined && ending !== 'completed');
  if (RAN.has(ending) && begun[task] === 0 && !mayFailUnentered)
    yield ['never ran', `ended as ${ending}, and its handler never ran`];
  if (NEVER_RAN.has(ending) && begun[task] !== 0)
    yield ['never ran', `was ${ending}, and its handler ran all the same`];
  if (ending !== 'completed') return;
  if (done[task] === 0) yield ['never ran', 'completed, and its handler never came to its end'];
  const expected = demands.expectedOf(plan);
  if (digest !== expected) yield ['wrong value', `completed with ${digest}, not with ${expected}`];
}

/** Attempts as the outcome lists them. One that was cut short by a cancel did not fail. */
function* attemptWrongs(
  { kind }: TaskPlan,
  { ending, attempts, failed }: Ended,
  most: number,
): Iterable<[RuleName, string]> {
  const said = `ended as ${ending} after ${attempts} attempts, ${failed} of which failed`;
  if (attempts > most) yield ['attempts', `${said}: it may be tried ${most} times`];
  const others = attempts - failed;
  const fits =
    ending === 'rejected'
      ? attempts === 0
      : ending === 'cancelled'
        ? others <= 1
        : others === (ending === 'completed' ? 1 : 0) && attempts >= 1;
  if (!fits) yield ['attempts', `${said}, which does not fit together`];
  if (kind.attempts !== undefined && kind.endings.includes(ending) && ending !== 'cancelled') {
    if (attempts !== kind.attempts) yield ['attempts', `${said}: it has to be tried ${kind.attempts} times`];
  }
}
