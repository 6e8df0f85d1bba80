import type { Remote } from 'comlink';
import { SyncError } from '../src/contract/errors.ts';
import type { LockWordRef } from '../src/contract/lock-word-ref.ts';
import type { BarrierTurn, Lock, Sync, SyncParty, WaitOptions } from '../src/contract/sync.ts';
import { type SyncAnswer, type SyncRequest, syncErrorFromWire } from '../src/contract/sync-wire.ts';
import type { ThreadReports } from '../src/contract/wire.ts';
import { checkName } from '../src/sync/check.ts';
import { releasedTwice } from '../src/sync/hold.ts';
import { NamedParty, Primitives, type SyncDesk } from '../src/sync/primitives.ts';
import type { ThreadLocks } from './thread-locks.ts';

/** What the supervisor knows a running task by, and the mutexes of its thread. */
export interface TaskPlace {
  readonly reports: Remote<ThreadReports>;
  readonly locks: ThreadLocks;
  readonly cell: number;
  readonly batch: number;
  readonly index: number;
}

/** A mutex that the task has acquired without the arbiter. */
interface OwnLock {
  readonly word: LockWordRef;
  readonly party: number;
}

/** Requests of this thread, so that each has a number of its own. */
let tickets = 0;

/** The way from one task to the arbiter. */
class TaskLine {
  private readonly place: TaskPlace;
  /** What its parties have acquired by themselves. */
  private readonly own = new Set<OwnLock>();
  /** The arbiter knows of the task. */
  private hasAsked = false;
  /** Its handler has returned. */
  hasLeft = false;

  constructor(place: TaskPlace) {
    this.place = place;
  }

  ask(request: SyncRequest): Promise<SyncAnswer | undefined> {
    this.hasAsked = true;
    const { reports, cell, batch, index } = this.place;
    return reports.sync(cell, batch, index, request) as Promise<SyncAnswer | undefined>;
  }

  /** Says something that has no answer. */
  tell(request: SyncRequest): void {
    // It fails only if the supervisor does, who then needs no telling.
    this.ask(request).catch(() => undefined);
  }

  learn(name: string, word: LockWordRef | undefined): void {
    this.place.locks.learn(name, word);
  }

  /** Acquires a free mutex without the arbiter, if that can be. */
  acquire(name: string, party: number): OwnLock | undefined {
    const word = this.place.locks.acquire(name);
    if (word === undefined) return undefined;
    const lock = { word, party };
    this.own.add(lock);
    return lock;
  }

  /** Gives back what was acquired without the arbiter. One who waits, or is to be told, gets it through the arbiter. */
  release(lock: OwnLock, cutShort: boolean): void {
    this.own.delete(lock);
    if (cutShort || !this.place.locks.release(lock.word))
      this.tell({ op: 'release word', word: lock.word.index, cutShort });
  }

  /** Words of what a party has acquired without the arbiter, who has to know when the party may come to wait. */
  holding(party: number): number[] {
    return [...this.own].filter((lock) => lock.party === party).map(({ word }) => word.index);
  }

  /** A party ends: what it has acquired goes back. */
  endParty(party: number, cutShort: boolean): void {
    for (const lock of this.own) if (lock.party === party) this.release(lock, cutShort);
  }

  leave(failed: boolean): void {
    this.hasLeft = true;
    for (const lock of this.own) this.release(lock, failed);
    if (!this.hasAsked) return;
    const { reports, cell, batch, index } = this.place;
    // It may be in vain: the task's result may be there first.
    reports.leaveSync(cell, batch, index, failed).catch(() => undefined);
  }
}

/** One party of a task, on the thread. */
class ThreadDesk implements SyncDesk {
  private readonly line: TaskLine;
  private readonly party: number;
  hasEnded = false;

  constructor(line: TaskLine, party: number) {
    this.line = line;
    this.party = party;
  }

  get isOver(): boolean {
    return this.hasEnded || this.line.hasLeft;
  }

  asked(): void {
    // The arbiter sees what is wrong with it when it is acquired.
  }

  async acquire(
    kind: 'mutex' | 'semaphore',
    name: string,
    size: number,
    permits: number,
    options: WaitOptions | undefined,
  ): Promise<Lock> {
    const { line, party } = this;
    options?.signal?.throwIfAborted();
    if (this.isOver) throw ended(name);
    const title = `${kind} "${name}"`;
    const own = kind === 'mutex' ? line.acquire(name, party) : undefined;
    if (own !== undefined) return new ThreadLock(this, title, name, 1, false, () => line.release(own, false));
    const ticket = ++tickets;
    const timeoutMs = options?.timeoutMs;
    const holding = line.holding(party);
    const request: SyncRequest = {
      op: 'acquire',
      ticket,
      party,
      kind,
      name,
      size,
      permits,
      timeoutMs,
      holding,
    };
    const answer = await this.enter(request, options?.signal);
    if (answer.got !== 'lock') throw mismatch(answer);
    if (kind === 'mutex') line.learn(name, answer.word);
    return new ThreadLock(this, title, name, permits, answer.recovered, () =>
      line.tell({ op: 'release', ticket }),
    );
  }

  async wait(name: string, size: number, options: WaitOptions | undefined): Promise<BarrierTurn> {
    const { line, party } = this;
    options?.signal?.throwIfAborted();
    if (this.isOver) throw ended(name);
    const timeoutMs = options?.timeoutMs;
    const holding = line.holding(party);
    const request: SyncRequest = { op: 'wait', ticket: ++tickets, party, name, size, timeoutMs, holding };
    const answer = await this.enter(request, options?.signal);
    if (answer.got !== 'turn') throw mismatch(answer);
    return answer.turn;
  }

  private async enter(
    request: Extract<SyncRequest, { op: 'acquire' | 'wait' }>,
    signal: AbortSignal | undefined,
  ): Promise<SyncAnswer> {
    const asked = this.line.ask(request);
    const abort = signal && abortOf(signal);
    try {
      const answer = await (abort === undefined ? asked : Promise.race([asked, abort.promise]));
      if (answer === undefined) throw ended(request.name);
      if (answer.got === 'error') throw syncErrorFromWire(answer.error);
      return answer;
    } catch (error) {
      if (signal?.aborted && !this.line.hasLeft) this.line.tell({ op: 'release', ticket: request.ticket });
      throw error;
    } finally {
      abort?.stop();
    }
  }
}

/** What a handler on a thread has acquired. */
class ThreadLock implements Lock {
  readonly name: string;
  readonly permits: number;
  readonly recovered: boolean;
  private readonly desk: ThreadDesk;
  private readonly title: string;
  private readonly giveBack: () => void;
  private wasReleased = false;

  constructor(
    desk: ThreadDesk,
    title: string,
    name: string,
    permits: number,
    recovered: boolean,
    giveBack: () => void,
  ) {
    this.desk = desk;
    this.title = title;
    this.name = name;
    this.permits = permits;
    this.recovered = recovered;
    this.giveBack = giveBack;
  }

  get released(): boolean {
    return this.wasReleased || this.desk.isOver;
  }

  release(): void {
    if (this.wasReleased) throw releasedTwice(this.title, this.name);
    if (this.desk.isOver) return;
    this.wasReleased = true;
    this.giveBack();
  }

  [Symbol.dispose](): void {
    if (!this.released) this.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.released) this.release();
  }
}

/** What `ctx.sync` is on a thread. */
export class ThreadSync extends Primitives implements Sync {
  private readonly line: TaskLine;
  private parties = 0;

  constructor(place: TaskPlace) {
    const line = new TaskLine(place);
    super(new ThreadDesk(line, 0));
    this.line = line;
  }

  party(label: string): SyncParty {
    checkName('party.label', label);
    const { line } = this;
    const party = ++this.parties;
    const desk = new ThreadDesk(line, party);
    if (!line.hasLeft) line.tell({ op: 'begin party', party, label });
    return new NamedParty(desk, label, () => {
      if (desk.hasEnded) return;
      desk.hasEnded = true;
      if (line.hasLeft) return;
      line.endParty(party, false);
      line.tell({ op: 'end party', party });
    });
  }

  /** The handler has returned: what it still holds goes back. */
  leave(failed: boolean): void {
    this.line.leave(failed);
  }
}

/** Rejects when the signal aborts, with its reason. */
function abortOf(signal: AbortSignal): { readonly promise: Promise<never>; readonly stop: () => void } {
  let onAbort = () => {};
  const promise = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  return { promise, stop: () => signal.removeEventListener('abort', onAbort) };
}

function mismatch(answer: SyncAnswer): Error {
  return new Error(`the arbiter answered what was not asked: ${answer.got}`);
}

function ended(name: string): SyncError {
  return new SyncError('SYNC_OWNER_ENDED', name, `"${name}": the task or party that asked for it has ended`);
}
