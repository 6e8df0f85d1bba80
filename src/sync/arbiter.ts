import type { Clock } from '../contract/clock.ts';
import { EngineClosedError, SyncError } from '../contract/errors.ts';
import type { BarrierTurn, SyncPicture, WaitOptions } from '../contract/sync.ts';
import { deadlockOf } from './deadlock.ts';
import type { Hold } from './hold.ts';
import { Names } from './names.ts';
import type { Party } from './party.ts';
import { describePicture, pictureOf } from './picture.ts';
import type { Resource, ResourceKeeper } from './resource.ts';
import type { Rounds } from './rounds.ts';
import { type PartyOfSlot, SharedMutexes } from './shared-mutexes.ts';
import { Wait } from './wait.ts';

export interface ArbiterBounds {
  readonly maxNames: number;
  readonly maxWaiters: number;
}

/**
 * Decides who gets what and in which order, for both lanes and for code outside: there is one for an engine, in the main
 * thread. Whatever it is asked, the answer is there at once or comes when it is its turn; nothing blocks.
 */
export class Arbiter implements ResourceKeeper {
  readonly names: Names;
  private readonly clock: Clock;
  private readonly maxWaiters: number;
  private waitSeq = 0;
  private isClosed = false;
  /** Set once there are threads. */
  private shared: SharedMutexes | undefined = undefined;
  /** Called when somebody has come to a barrier and the round is not complete. */
  onBarrierWait: (rounds: Rounds) => void = () => {};
  /** Called when nobody waits at a barrier any more. */
  onBarrierQuiet: (rounds: Rounds) => void = () => {};

  constructor(clock: Clock, bounds: ArbiterBounds) {
    this.clock = clock;
    this.maxWaiters = bounds.maxWaiters;
    this.names = new Names(this, bounds.maxNames);
  }

  now(): number {
    return this.clock.now();
  }

  used(resource: Resource): void {
    this.names.used(resource);
  }

  unused(resource: Resource): void {
    this.names.nowUnused(resource);
    this.shared?.open(resource);
  }

  mayForget(resource: Resource): boolean {
    this.shared?.take(resource);
    if (resource.inUse) return false;
    this.shared?.unshare(resource);
    return true;
  }

  /** There are threads: from now on they can acquire mutexes by themselves. */
  shareWithThreads(partyOfSlot: PartyOfSlot): SharedMutexes {
    this.shared ??= new SharedMutexes(partyOfSlot);
    return this.shared;
  }

  /** Acquires a mutex or permits of a semaphore. Rejects with what stands in the contract. */
  async acquire(
    party: Party,
    kind: 'mutex' | 'semaphore',
    name: string,
    size: number,
    permits: number,
    options: WaitOptions | undefined,
  ): Promise<Hold> {
    this.checkParty(party, kind, name);
    options?.signal?.throwIfAborted();
    const resource = this.names.resource(kind, name, size);
    if (resource.isOpen) this.shared!.take(resource);
    return resource.take(party, permits) ?? (this.join(party, resource, permits, options) as Promise<Hold>);
  }

  /** Comes to a barrier. */
  async wait(
    party: Party,
    name: string,
    size: number,
    options: WaitOptions | undefined,
  ): Promise<BarrierTurn> {
    this.checkParty(party, 'barrier', name);
    options?.signal?.throwIfAborted();
    const rounds = this.names.rounds(name, size);
    rounds.note(party);
    rounds.arrived(this.clock.now());
    if (!rounds.inUse) this.names.used(rounds);
    const turn = this.join(party, rounds, 1, options) as Promise<BarrierTurn>;
    rounds.pass();
    if (rounds.inUse) this.onBarrierWait(rounds);
    else this.quiet(rounds);
    return turn;
  }

  /** Takes back all that a party holds and waits for. */
  end(party: Party, how: 'released' | 'cut short'): void {
    this.withdrawAll(party);
    party.ended = how;
    for (const hold of [...party.holds]) if (!hold.isAdopted) hold.takeBack(how === 'cut short');
  }

  /** Its task has ended, its handler may still run: it waits for nothing any more, and gets nothing. */
  withdrawAll(party: Party): void {
    party.ended ??= 'cut short';
    for (let wait = party.waits[0]; wait !== undefined; wait = party.waits[0]) {
      const { title, name } = wait.on;
      this.withdraw(wait, ownerEnded(title, name, party), `${party.label} has ended`);
    }
  }

  /** Nothing is granted any more. */
  close(): void {
    this.isClosed = true;
    for (const { line } of this.names.inUse()) {
      for (const wait of line) {
        wait.leave();
        wait.reject(new EngineClosedError());
      }
    }
    for (const rounds of this.names.barrier.values()) this.quiet(rounds);
  }

  inspect(): SyncPicture {
    this.shared?.takeAll();
    return pictureOf(this.names.inUse(), this.clock.now());
  }

  grantedOneOfSeveral(party: Party): void {
    for (let stuck = deadlockOf(party); stuck.length > 0; stuck = deadlockOf(party))
      this.breakDeadlock(stuck);
  }

  /** A round that cannot become complete. */
  breakRound(rounds: Rounds, why: string): void {
    const picture = pictureOf([rounds], this.clock.now());
    const message = `${rounds.title}: the round is broken, ${why}; ${describePicture(picture)}`;
    rounds.break(() => new SyncError('BARRIER_BROKEN', rounds.name, message, picture));
    this.quiet(rounds);
  }

  private quiet(rounds: Rounds): void {
    this.names.nowUnused(rounds);
    this.onBarrierQuiet(rounds);
  }

  private checkParty(party: Party, kind: string, name: string): void {
    if (this.isClosed) throw new EngineClosedError();
    if (party.ended !== undefined) throw ownerEnded(`${kind} "${name}"`, name, party);
  }

  private async join(
    party: Party,
    on: Resource | Rounds,
    permits: number,
    options: WaitOptions | undefined,
  ): Promise<unknown> {
    if (on.line.size >= this.maxWaiters) {
      const message = `${on.title}: ${on.line.size} wait for it, as many as may`;
      throw new SyncError('SYNC_LIMIT', on.name, message, pictureOf([on], this.clock.now()));
    }
    return new Promise((resolve, reject) => {
      const wait = new Wait(party, on, permits, ++this.waitSeq, this.clock.now(), resolve, reject);
      on.line.push(wait);
      party.waits.push(wait);
      if (options !== undefined) this.watch(wait, options);
      // Only who holds something that others wait for, or what it waits for itself, can close a cycle.
      if (party.holds.some(({ resource }) => resource.line.size > 0)) this.grantedOneOfSeveral(party);
    });
  }

  private watch(wait: Wait, { timeoutMs, signal }: WaitOptions): void {
    if (timeoutMs !== undefined)
      wait.cancelTimer = this.clock.schedule(timeoutMs, () => this.timeOut(wait, timeoutMs));
    if (signal === undefined) return;
    const onAbort = () => this.withdraw(wait, signal.reason, `${wait.party.label} was told to stop`);
    signal.addEventListener('abort', onAbort, { once: true });
    wait.unlisten = () => signal.removeEventListener('abort', onAbort);
  }

  private timeOut(wait: Wait, timeoutMs: number): void {
    const { on, party } = wait;
    const picture = pictureOf([on], this.clock.now());
    const message = `${on.title}: not there within ${timeoutMs} ms; ${describePicture(picture)}`;
    const error = new SyncError('SYNC_TIMEOUT', on.name, message, picture);
    this.withdraw(wait, error, `${party.label} waited longer than its timeoutMs of ${timeoutMs}`);
  }

  /** Takes somebody out of a line; of a barrier's, which then will not have it. */
  withdraw(wait: Wait, error: unknown, why: string): void {
    const { on } = wait;
    wait.leave();
    wait.reject(error);
    if (on.kind !== 'barrier') on.serve();
    else this.breakRound(on, `${why}`);
  }

  private breakDeadlock(stuck: readonly Wait[]): void {
    const picture = pictureOf(new Set(stuck.map(({ on }) => on)), this.clock.now());
    const victim = stuck.reduce((youngest, wait) => (wait.seq > youngest.seq ? wait : youngest));
    const { on, party } = victim;
    const own = party.holds.some(({ resource }) => resource === on);
    const hint = own
      ? '; who holds it cannot wait for it: flows within one handler are to be parties, see sync.party()'
      : '';
    const message = `${on.title}: ${party.label} would wait for ever${hint}; ${describePicture(picture)}`;
    this.withdraw(victim, new SyncError('DEADLOCK', on.name, message, picture), '');
  }
}

function ownerEnded(title: string, name: string, party: Party): SyncError {
  return new SyncError(
    'SYNC_OWNER_ENDED',
    name,
    `${title}: ${party.label} has ended and gets nothing any more`,
  );
}
