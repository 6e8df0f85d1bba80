import type { Priority } from '../../src/contract/handle.ts';
import type { Size } from '../case.ts';
import type { Policy } from '../subject.ts';
import {
  AT_MOST_ONCE,
  ATTEMPTS,
  DEATHS,
  type Death,
  type Ending,
  type Fate,
  KINDS,
  type Kind,
  LATECOMER,
} from './kinds.ts';
import { answerOf } from './ledger.js';
import { type BulkCancel, bulkOf, type Drill, drillOf, TAGS, TENANTS } from './meddling.ts';

/** How many tasks follow each other through one stream, where they do. */
export const STREAM_TASKS = 500;
/** One block of tasks in so many comes as a stream. */
const STREAM_EVERY = 8;
const CANCEL_SHARE = 0.02;
const REFUSE_SHARE = 0.003;
const TAGGED_SHARE = 0.3;
/** Share of the tasks that are submitted before the latecomer is there. */
const LATE_SHARE = 0.85;
/** Injected beyond what is asked for: some tasks of a kind do not come to kill, because they are cancelled before. */
const SURPLUS = 1.12;
/** How often a place is drawn for a deadly task, for each task, before it is said that there is none. */
const MOST_DRAWS = 20;

export interface ChaosSize {
  readonly tasks: number;
  /** Least number of threads that each way of dying has to take. */
  readonly deaths: Readonly<Record<Death, number>>;
}

const deathsOf = (each: number): ChaosSize['deaths'] => ({
  uncaught: each,
  exit: each,
  hang: each,
  stall: each,
  stuck: each,
  'out-of-heap': Math.ceil(each / 10),
  again: each,
  child: each,
  // Chance has it whether a fault meets anybody.
  injected: Math.floor(each / 20),
});

export const SIZES: Readonly<Record<Size, ChaosSize>> = {
  full: { tasks: 1_000_000, deaths: deathsOf(1_000) },
  quick: { tasks: 150_000, deaths: deathsOf(100) },
  tiny: { tasks: 6_000, deaths: deathsOf(1) },
};

/** As many deaths a task as the full size has. */
export function sizeOf(tasks: number): ChaosSize {
  return { tasks, deaths: deathsOf(Math.max(1, Math.round((tasks * 1_000) / SIZES.full.tasks))) };
}

/** What becomes of one task, before anything runs. */
export interface TaskPlan {
  readonly task: number;
  readonly kind: Kind;
  readonly input: unknown;
  readonly priority: Priority;
  readonly tenant: string | undefined;
  readonly tag: string | undefined;
  /** Its caller cancels it soon after it was submitted. */
  readonly cancels: boolean;
  /** The bench's own limit turns it away. */
  readonly refused: boolean;
}

/**
 * The whole run, from a seed: each task is a pure function of seed and number, so that whoever checks the run asks the
 * plan and not the run what was to happen.
 */
export class ChaosPlan {
  readonly seed: number;
  readonly size: ChaosSize;
  /** With `none` the bench's own limit turns away whom the plan has turned away; with `adaptive` the engine decides. */
  readonly policy: Policy;
  private readonly kinds: Uint8Array;

  constructor(seed: number, size: ChaosSize, policy: Policy = 'none') {
    this.seed = seed;
    this.size = size;
    this.policy = policy;
    this.kinds = new Uint8Array(size.tasks);
    for (let task = 0; task < size.tasks; task++) this.kinds[task] = this.harmless(task);
    this.scatterDeaths();
  }

  get tasks(): number {
    return this.size.tasks;
  }

  /** The first task that may be the latecomer's. */
  get lateFrom(): number {
    return Math.floor(LATE_SHARE * this.tasks);
  }

  kindOf(task: number): Kind {
    return KINDS[this.kinds[task]!]!;
  }

  /** Whether the task comes by stream, as do all of its block. No block does that the latecomer has tasks in. */
  isStreamed(task: number): boolean {
    if ((Math.floor(task / STREAM_TASKS) + 1) * STREAM_TASKS > this.lateFrom) return false;
    return this.draw(Math.floor(task / STREAM_TASKS), 1) * STREAM_EVERY < 1;
  }

  planOf(task: number): TaskPlan {
    const kind = this.kindOf(task);
    const isStreamed = this.isStreamed(task);
    const isPlain = kind.death === undefined && !isStreamed;
    // Tasks of a stream have its options, which are the default ones.
    const ranking = isStreamed ? 0 : this.draw(task, 2);
    const isTagged = !isStreamed && this.draw(task, 10) < TAGGED_SHARE;
    const hasTenant = !isStreamed && this.draw(task, 3) < 0.3;
    return {
      task,
      kind,
      input: this.inputOf(task, kind),
      priority:
        ranking < 0.7
          ? 'normal'
          : ranking < 0.8
            ? 'high'
            : ranking < 0.9
              ? 'low'
              : Math.floor(ranking * 100) - 95,
      tenant: hasTenant ? `tenant ${Math.floor(this.draw(task, 4) * TENANTS)}` : undefined,
      tag: isTagged ? `tag ${Math.floor(this.draw(task, 11) * TAGS)}` : undefined,
      cancels: isPlain && this.draw(task, 5) < CANCEL_SHARE,
      refused: this.policy === 'none' && isPlain && this.draw(task, 6) < REFUSE_SHARE,
    };
  }

  /** How a task may end that nobody cancels, and that no fault strikes. */
  endingsOf({ task, kind, refused }: TaskPlan): readonly Ending[] {
    if (refused) return ['rejected'];
    // A stream waits until its tasks are let in.
    return this.policy === 'none' || this.isStreamed(task) ? kind.endings : [...kind.endings, 'rejected'];
  }

  /** How often the task may be tried. */
  attemptsOf({ agent }: Kind): number {
    return ATTEMPTS[agent] ?? 1;
  }

  /** What follows the burst that begins with a task. */
  bulkAt(task: number): BulkCancel | undefined {
    return bulkOf((question) => this.draw(task, 100 + question));
  }

  /** The fault that the burst begins. */
  drillAt(task: number): Drill | undefined {
    return drillOf((question) => this.draw(task, 100 + question));
  }

  /** Whether the task must never run a second time, whatever dies. */
  isAtMostOnce({ agent }: Kind): boolean {
    return AT_MOST_ONCE.has(agent);
  }

  /** What a completed task has to give, as a number; see `digestOf`. */
  expectedOf({ task, kind, input }: TaskPlan): number {
    const value = answerOf(task);
    switch (kind.agent) {
      case 'text':
        return digestOf({ value, words: [...(input as { words: string[] }).words].reverse() });
      case 'spin':
      case 'slow':
        return digestOf({ value, hash: hashOf((input as { steps: number }).steps) });
      default:
        return value;
    }
  }

  private inputOf(task: number, kind: Kind): unknown {
    const draw = this.draw(task, 7);
    switch (kind.agent) {
      case 'text':
        return { task, words: [`ß${task}`, 'x'.repeat(draw * 40), 'last'] };
      case 'spin':
        return { task, steps: STEPS[Math.floor(draw * 4)] };
      case 'slow':
        return { task, steps: SLOW_STEPS };
      case 'wait':
        return { task, waitMs: 1 + Math.floor(draw * 5) };
      case 'crash':
      case 'crash once':
      case 'exit':
      case 'hang':
      case 'stall':
      case 'stuck':
      case 'hog':
      case 'again':
      case 'isolated':
        return { task, fate: fateOf(kind, draw) };
      case 'flaky':
      case 'flaky call':
        return {
          task,
          fails: fateOf(kind, 0) === 'always' ? ALWAYS : Math.floor(draw * ATTEMPTS[kind.agent]!),
        };
      default:
        return task;
    }
  }

  private harmless(task: number): number {
    if (this.isStreamed(task)) return 0;
    let left = this.draw(task, 8);
    const at = KINDS.findIndex(({ share }) => {
      left -= share;
      return left < 0;
    });
    return at < 0 || (KINDS[at]!.agent === LATECOMER && task < this.lateFrom) ? 0 : at;
  }

  /** Puts as many deadly tasks as it takes where chance wants them. */
  private scatterDeaths(): void {
    let salt = 0;
    for (const death of DEATHS) {
      const kinds = KINDS.flatMap((kind, at) => (kind.death === death ? [at] : []));
      const asked = this.size.deaths[death];
      const wanted = asked === 0 || kinds.length === 0 ? 0 : Math.ceil(asked * SURPLUS) + 2;
      const from = death === 'child' ? this.lateFrom : 0;
      const most = salt + MOST_DRAWS * (this.tasks - from);
      for (let placed = 0; placed < wanted; ) {
        if (salt === most)
          throw new RangeError(`chaos: no room for ${wanted} ${death} in ${this.tasks} tasks`);
        const task = from + Math.floor(this.draw(salt++, 9) * (this.tasks - from));
        if (this.isStreamed(task) || this.kindOf(task).death !== undefined) continue;
        this.kinds[task] = kinds[placed++ % kinds.length]!;
      }
    }
  }

  /** A number in [0, 1) that depends on the seed, the task and what it is for. Source: the finalizer of MurmurHash3. */
  private draw(task: number, purpose: number): number {
    let mixed =
      Math.imul(this.seed ^ Math.imul(purpose, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(task + 1, 0xc2b2ae35);
    for (let round = 0; round < 2; round++) {
      mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
      mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
      mixed ^= mixed >>> 16;
    }
    return (mixed >>> 0) / 4_294_967_296;
  }
}

/** Failures in a row that no retry policy outlasts. */
const ALWAYS = 1_000;
/** Some 0.1 to 2 ms of work on a core of today. */
const STEPS = [100_000, 300_000, 700_000, 2_000_000] as const;
const SLOW_STEPS = 15_000_000;
const hashes = new Map<number, number>();

/** What that many steps give. There are few numbers of steps, so each is computed once. */
function hashOf(steps: number): number {
  let hash = hashes.get(steps);
  if (hash !== undefined) return hash;
  hash = 0x811c9dc5;
  for (let step = 0; step < steps; step++) hash = Math.imul(hash ^ step, 0x01000193);
  hash >>>= 0;
  hashes.set(steps, hash);
  return hash;
}

function fateOf({ fates = ['none'] }: Kind, draw: number): Fate {
  return fates[Math.floor(draw * fates.length)]!;
}

/** A value as one number: itself, or the hash of its JSON. Source: FNV-1a. */
export function digestOf(value: unknown): number {
  if (typeof value === 'number') return value;
  const json = JSON.stringify(value) ?? 'undefined';
  let hash = 0x811c9dc5;
  for (let at = 0; at < json.length; at++) hash = Math.imul(hash ^ json.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
