import { SyncError } from '../contract/errors.ts';
import type { LockWordRef } from '../contract/lock-word-ref.ts';
import type { BarrierTurn } from '../contract/sync.ts';
import { type SyncAnswer, type SyncRequest, syncErrorToWire } from '../contract/sync-wire.ts';
import type { Task } from '../contract/task.ts';
import type { Arbiter } from './arbiter.ts';
import { Hold } from './hold.ts';
import { Party } from './party.ts';
import type { SharedMutexes } from './shared-mutexes.ts';

/** Asked for and not given back: in line until it has a hold. */
interface Ticket {
  readonly withdrawal: AbortController;
  hold: Hold | undefined;
}

/** Where a task runs. */
export interface Thread {
  readonly threadId: number;
  readonly slot: number;
}

/** What becomes of the thread's waiting is told to the lane. */
export type WaitsChanged = (waits: 1 | -1) => void;

/** The main thread's side of a task that runs on a thread: its parties, and what they asked for. */
export class ThreadTask {
  private readonly arbiter: Arbiter;
  private readonly task: Task;
  private readonly shared: SharedMutexes;
  private readonly thread: Thread;
  private readonly waitsChanged: WaitsChanged;
  private readonly parties = new Map<number, Party>();
  private readonly tickets = new Map<number, Ticket>();
  private hasLeft = false;
  /** The task has ended, or has gone on to another attempt. */
  private isOver = false;

  constructor(
    arbiter: Arbiter,
    shared: SharedMutexes,
    task: Task,
    thread: Thread,
    waitsChanged: WaitsChanged,
  ) {
    this.arbiter = arbiter;
    this.shared = shared;
    this.task = task;
    this.thread = thread;
    this.waitsChanged = waitsChanged;
    this.addParty(0, undefined);
    if (task.ended) this.stopWaiting();
    // What it holds it keeps until its handler has returned or its thread is dead: nobody else is to run meanwhile.
    else task.more.leaveSync = this.stopWaiting;
  }

  /** Answers once there is an answer. */
  async ask(request: Exclude<SyncRequest, { op: 'release word' }>): Promise<SyncAnswer | undefined> {
    switch (request.op) {
      case 'acquire':
      case 'wait':
        return this.enter(request);
      case 'release':
        this.giveBack(request.ticket);
        return undefined;
      case 'begin party':
        this.addParty(request.party, request.label);
        return undefined;
      case 'end party':
        this.endParty(request.party, 'released');
        return undefined;
    }
  }

  /** The handler has returned, or will never. */
  leave(how: 'released' | 'cut short'): void {
    if (this.hasLeft) return;
    this.hasLeft = true;
    // By now it may be another attempt's.
    const { extras } = this.task;
    if (extras?.leaveSync === this.stopWaiting) extras.leaveSync = undefined;
    for (const id of this.parties.keys()) this.endParty(id, how);
    this.tickets.clear();
  }

  private readonly stopWaiting = (): void => {
    this.isOver = true;
    for (const party of this.parties.values()) this.arbiter.withdrawAll(party);
  };

  private async enter(request: Extract<SyncRequest, { op: 'acquire' | 'wait' }>): Promise<SyncAnswer> {
    const party = this.parties.get(request.party);
    const { name, size, timeoutMs, ticket } = request;
    if (party === undefined) return { got: 'error', error: syncErrorToWire(partyEnded(name)) };
    this.shared.claim(party, this.thread.slot, request.holding);
    const withdrawal = new AbortController();
    const entry: Ticket = { withdrawal, hold: undefined };
    this.tickets.set(ticket, entry);
    const options = { signal: withdrawal.signal, ...(timeoutMs !== undefined && { timeoutMs }) };
    const asked: Promise<Hold | BarrierTurn> =
      request.op === 'wait'
        ? this.arbiter.wait(party, name, size, options)
        : this.arbiter.acquire(party, request.kind, name, size, request.permits, options);
    const waits = party.waits.length > 0;
    if (waits) this.waitsChanged(1);
    try {
      const got = await asked;
      if (!(got instanceof Hold)) return { got: 'turn', turn: got };
      entry.hold = got;
      // Withdrawn in the moment between.
      if (withdrawal.signal.aborted && !got.released) got.release();
      return { got: 'lock', recovered: got.recovered, word: this.wordOf(got) };
    } catch (error) {
      // Nobody waits on the thread for the answer to what was withdrawn.
      return { got: 'error', error: syncErrorToWire(withdrawal.signal.aborted ? partyEnded(name) : error) };
    } finally {
      if (waits) this.waitsChanged(-1);
      if (entry.hold === undefined) this.tickets.delete(ticket);
    }
  }

  /** Next time the thread can acquire the mutex by itself. */
  private wordOf({ resource }: Hold): LockWordRef | undefined {
    this.shared.share(resource);
    return resource.word;
  }

  private giveBack(ticket: number): void {
    const entry = this.tickets.get(ticket);
    if (entry === undefined) return;
    this.tickets.delete(ticket);
    if (entry.hold === undefined) entry.withdrawal.abort();
    else if (!entry.hold.released) entry.hold.release();
  }

  private addParty(id: number, label: string | undefined): void {
    const party = new Party(this.task, label, this.thread.threadId);
    if (this.hasLeft || this.isOver) party.ended = 'cut short';
    this.parties.set(id, party);
  }

  private endParty(id: number, how: 'released' | 'cut short'): void {
    const party = this.parties.get(id);
    if (party === undefined) return;
    this.parties.delete(id);
    this.arbiter.end(party, how);
  }
}

function partyEnded(name: string): SyncError {
  return new SyncError('SYNC_OWNER_ENDED', name, `"${name}": the task or party that asked for it has ended`);
}
