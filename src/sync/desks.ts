import type {
  BarrierTurn,
  EngineSync,
  Lock,
  Sync,
  SyncKind,
  SyncParty,
  SyncPicture,
  WaitOptions,
} from '../contract/sync.ts';
import type { Task } from '../contract/task.ts';
import type { Arbiter } from './arbiter.ts';
import { checkName } from './check.ts';
import { Party } from './party.ts';
import { NamedParty, Primitives, type SyncDesk } from './primitives.ts';
import type { Rounds } from './rounds.ts';

/** The way of a caller in the main thread to the arbiter. */
abstract class MainDesk implements SyncDesk {
  private readonly arbiter: Arbiter;

  constructor(arbiter: Arbiter) {
    this.arbiter = arbiter;
  }

  /** Who calls. */
  protected abstract party(): Party;
  /** The caller knows of a barrier: it may come. */
  protected abstract note(barrier: Rounds): void;

  asked(kind: SyncKind, name: string, size: number): void {
    if (kind === 'barrier') this.note(this.arbiter.names.rounds(name, size));
    else this.arbiter.names.resource(kind, name, size);
  }

  acquire(
    kind: 'mutex' | 'semaphore',
    name: string,
    size: number,
    permits: number,
    options: WaitOptions | undefined,
  ): Promise<Lock> {
    return this.arbiter.acquire(this.party(), kind, name, size, permits, options);
  }

  wait(name: string, size: number, options: WaitOptions | undefined): Promise<BarrierTurn> {
    return this.arbiter.wait(this.party(), name, size, options);
  }
}

/** One party. */
class PartyDesk extends MainDesk {
  private readonly own: Party;

  constructor(arbiter: Arbiter, own: Party) {
    super(arbiter);
    this.own = own;
  }

  protected party(): Party {
    return this.own;
  }

  protected note(barrier: Rounds): void {
    barrier.note(this.own);
  }
}

/** Code outside of handlers: every call is a party of its own. */
class OutsideDesk extends MainDesk {
  protected party(): Party {
    return new Party(undefined);
  }

  protected note(barrier: Rounds): void {
    barrier.isOpen = true;
  }
}

/** What `engine.sync` is. */
export class OutsideSync extends Primitives implements EngineSync {
  private readonly arbiter: Arbiter;

  constructor(arbiter: Arbiter) {
    super(new OutsideDesk(arbiter));
    this.arbiter = arbiter;
  }

  party(label: string): SyncParty {
    return partyOf(this.arbiter, new Party(undefined, named(label)), label, undefined);
  }

  inspect(): SyncPicture {
    return this.arbiter.inspect();
  }
}

/** What `ctx.sync` is on the event loop. */
export class TaskSync extends Primitives implements Sync {
  private readonly arbiter: Arbiter;
  private readonly task: Task;
  private readonly parties: Set<Party>;
  private hasLeft = false;

  constructor(arbiter: Arbiter, task: Task, isOver: boolean) {
    const own = new Party(task);
    super(new PartyDesk(arbiter, own));
    this.arbiter = arbiter;
    this.task = task;
    this.parties = new Set([own]);
    if (isOver) this.leave('cut short');
    else task.more.leaveSync = (how) => this.leave(how);
  }

  party(label: string): SyncParty {
    const party = new Party(this.task, named(label));
    if (this.hasLeft) party.ended = 'cut short';
    return partyOf(this.arbiter, party, label, this.parties);
  }

  private leave(how: 'released' | 'cut short'): void {
    this.hasLeft = true;
    for (const party of this.parties) this.arbiter.end(party, how);
  }
}

/** A party beside the `siblings` of its task, which end with it. */
function partyOf(arbiter: Arbiter, party: Party, label: string, siblings: Set<Party> | undefined): SyncParty {
  if (party.ended === undefined) siblings?.add(party);
  return new NamedParty(new PartyDesk(arbiter, party), label, () => {
    siblings?.delete(party);
    arbiter.end(party, 'released');
  });
}

/** @throws ConfigError if it is no label. */
function named(label: string): string {
  checkName('party.label', label);
  return label;
}
