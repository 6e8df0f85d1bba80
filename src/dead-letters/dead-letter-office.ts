import { checkOptions } from '../contract/check-options.ts';
import type { Clock } from '../contract/clock.ts';
import type {
  DeadLetter,
  DeadLetterFilter,
  DeadLetterOptions,
  DeadLetterStats,
  DeadLetters,
  OpenDeadLetter,
  RedriveOptions,
  RedriveResult,
} from '../contract/dead-letters.ts';
import { EngineClosedError, type TaskError } from '../contract/errors.ts';
import type { EngineEvents } from '../contract/events.ts';
import { DEFAULTS } from '../contract/options.ts';
import { mayGoUnheard } from '../contract/rejected.ts';
import type { Task } from '../contract/task.ts';
import { originalInput } from '../dispatch/input.ts';
import type { AttemptSpan, LetterBox } from '../dispatch/letter-box.ts';
import { letterFor } from './letter.ts';
import { LetterList } from './letter-list.ts';
import { type LetterStore, MemoryStore } from './letter-store.ts';
import { Redrive, type RedrivePort } from './redrive.ts';

export interface OfficePort {
  readonly clock: Clock;
  /** Milliseconds since the epoch. */
  readonly wallNow: () => number;
  readonly failed: (error: unknown) => void;
  readonly lettered: (event: EngineEvents['deadLetter']) => void;
}

/** Ids of letters made in one millisecond are told apart by so many digits of base 36. */
const SERIAL_DIGITS = 3;

/** Takes what failed for good, keeps it, and gives it back. */
export class DeadLetterOffice implements LetterBox, DeadLetters {
  private readonly options: DeadLetterOptions;
  private readonly port: OfficePort;
  private readonly on: NonNullable<DeadLetterOptions['on']>;
  private readonly letters: LetterList;
  private readonly underWay = new Set<string>();
  /** Redrives that have not come to their end. */
  private readonly runs = new Set<Promise<RedriveResult>>();
  private way: RedrivePort | undefined = undefined;
  private store: LetterStore = new MemoryStore();
  private serial = 0;
  private redriven = 0;
  private isClosed = false;

  constructor(options: DeadLetterOptions, port: OfficePort) {
    const { on, limit, ttlMs } = options;
    this.options = options;
    this.port = port;
    this.on = on ?? DEFAULTS.deadLetters.on;
    const bounds = { limit: limit ?? DEFAULTS.deadLetters.limit, ttlMs };
    this.letters = new LetterList(bounds, this.store, port.wallNow);
  }

  /** Goes on with what is in the folder, if there is one. @throws SpillwayError DEAD_LETTERS_UNUSABLE */
  async start(way: RedrivePort): Promise<void> {
    this.way = way;
    const { folder, maxBytes = DEFAULTS.deadLetters.maxBytes } = this.options;
    if (folder === undefined) return;
    // Loaded late: engines without a folder never pay for it.
    const { FolderStore } = await import('./folder-store.ts');
    const [store, kept] = await FolderStore.open({ folder, maxBytes }, this.port);
    this.store = store;
    this.letters.adopt(store, kept);
  }

  /** To be called when all tasks have ended. Never rejects. What is in memory can still be read. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    // They have nothing left to wait for; what has completed is crossed out before the folder is given back.
    await Promise.allSettled(this.runs);
    await this.store.close().catch(this.port.failed);
  }

  keepsInputs(runsOnThreads: boolean): boolean {
    return runsOnThreads || this.on === 'failed';
  }

  take(task: Task, error: TaskError, span: AttemptSpan | undefined): void {
    const before = this.again(task);
    if (before === undefined && this.on === 'poison' && error.code !== 'POISON') return;
    try {
      const { clock, wallNow, lettered } = this.port;
      const nowMs = clock.now();
      const offsetMs = wallNow() - nowMs;
      const failed = {
        task,
        error,
        span,
        nowMs,
        wallAtMs: (clockMs: number) => Math.round(clockMs + offsetMs),
      };
      const id = before?.id ?? this.nextId();
      this.letters.put(
        letterFor(failed, id, before === undefined ? 0 : before.redrives + 1),
        originalInput(task),
      );
      lettered({ id, taskId: task.id, agent: task.agent?.name, code: error.code });
    } catch (thrown) {
      this.port.failed(thrown);
    }
  }

  list(filter: DeadLetterFilter & { readonly limit?: number } = {}): readonly DeadLetter[] {
    checkOptions('letterList', filter, 'list');
    const { limit = DEFAULTS.deadLetters.listed, ...conditions } = filter;
    const found = this.letters.find(conditions);
    return found
      .slice(Math.max(0, found.length - limit))
      .reverse()
      .map(({ letter }) => letter);
  }

  get(id: string): Promise<OpenDeadLetter | undefined> {
    return mayGoUnheard(this.open(id));
  }

  redrive(which: string | DeadLetterFilter, options: RedriveOptions = {}): Promise<RedriveResult> {
    return mayGoUnheard(this.runAgain(which, options));
  }

  purge(which: string | DeadLetterFilter): number {
    const ids = this.idsOf(which, 'purge');
    this.mustBeOpen();
    return ids.filter((id) => this.letters.remove(id)).length;
  }

  stats(): DeadLetterStats {
    const { added, dropped, expired } = this.letters.counts;
    const { underWay, redriven } = this;
    return { count: this.letters.size, redriving: underWay.size, added, dropped, expired, redriven };
  }

  private async open(id: string): Promise<OpenDeadLetter | undefined> {
    checkOptions('letterId', { id }, 'get');
    const kept = this.letters.get(id);
    return kept && { ...kept.letter, input: await this.store.read(kept) };
  }

  private async runAgain(which: string | DeadLetterFilter, options: RedriveOptions): Promise<RedriveResult> {
    checkOptions('redrive', options, 'redrive options');
    const ids = this.idsOf(which, 'redrive');
    this.mustBeOpen();
    const keeper = {
      port: this.way!,
      current: (id: string) => this.letters.get(id),
      read: (kept: Parameters<LetterStore['read']>[0]) => this.store.read(kept),
      underWay: this.underWay,
      completed: (id: string) => {
        this.redriven++;
        this.letters.remove(id);
      },
    };
    const run = new Redrive(keeper, options.signal).run(ids);
    this.runs.add(run);
    try {
      return await run;
    } finally {
      this.runs.delete(run);
    }
  }

  private idsOf(which: string | DeadLetterFilter, call: string): string[] {
    if (typeof which === 'string') {
      checkOptions('letterId', { id: which }, call);
      return [which];
    }
    checkOptions('letterFilter', which, call);
    return this.letters.find(which).map(({ letter }) => letter.id);
  }

  private mustBeOpen(): void {
    if (this.isClosed || this.way === undefined) throw new EngineClosedError();
  }

  /** The letter that the task was run again from, if it is still there. */
  private again(task: Task): DeadLetter | undefined {
    const id = task.extras?.letter;
    return id === undefined ? undefined : this.letters.get(id)?.letter;
  }

  /** Different from those of all processes that had the folder before, as far as clocks go forward. */
  private nextId(): string {
    const serial = (this.serial++ % 36 ** SERIAL_DIGITS).toString(36).padStart(SERIAL_DIGITS, '0');
    return `d${Math.floor(this.port.wallNow()).toString(36)}${serial}`;
  }
}
