import type { LockWordRef } from '../contract/lock-word-ref.ts';
import { Hold } from './hold.ts';
import { type InLine, Line } from './line.ts';
import type { Party } from './party.ts';
import type { Wait } from './wait.ts';

/** Whom a resource tells what has become of it. */
export interface ResourceKeeper {
  now(): number;
  /** Somebody came while nobody held it or waited for it. */
  used(resource: Resource): void;
  /** Nobody holds it or waits for it any more. */
  unused(resource: Resource): void;
  /** A wait of a party that still waits for something else was granted. */
  grantedOneOfSeveral(party: Party): void;
  /** Whether an unused one may be forgotten, to make room for another. */
  mayForget(resource: Resource): boolean;
}

/**
 * A mutex (of one permit) or a semaphore. First come, first served: as long as somebody waits, nobody gets past the line,
 * not even who asks for less.
 */
export class Resource implements InLine<Resource> {
  readonly kind: 'mutex' | 'semaphore';
  readonly name: string;
  readonly size: number;
  free: number;
  readonly holders = new Set<Hold>();
  readonly line = new Line<Wait>();
  private readonly keeper: ResourceKeeper;
  /** A holder was cut short; the next one is told. */
  wasCutShort = false;
  /** Where threads acquire it by themselves. */
  word: LockWordRef | undefined = undefined;
  /** They do so now: nobody else holds it or waits for it. */
  isOpen = false;
  /** It stands among the unused. */
  isListed = false;
  previous: Resource | undefined = undefined;
  next: Resource | undefined = undefined;

  constructor(kind: 'mutex' | 'semaphore', name: string, size: number, keeper: ResourceKeeper) {
    this.kind = kind;
    this.name = name;
    this.size = size;
    this.free = size;
    this.keeper = keeper;
  }

  get title(): string {
    return `${this.kind} "${this.name}"`;
  }

  get inUse(): boolean {
    return this.holders.size > 0 || this.line.size > 0;
  }

  /** The permits at once, if nobody waits for others. */
  take(party: Party, permits: number): Hold | undefined {
    if (this.line.size > 0 || this.free < permits) return undefined;
    if (this.holders.size === 0) this.keeper.used(this);
    return this.grant(party, permits);
  }

  /** A thread had acquired it by itself. */
  adopt(party: Party): Hold {
    this.keeper.used(this);
    const hold = this.grant(party, this.size);
    hold.isAdopted = true;
    return hold;
  }

  /** A hold has ended: those whose turn it is get what there is. */
  giveBack(hold: Hold, cutShort: boolean): void {
    const { holds } = hold.party;
    holds.splice(holds.lastIndexOf(hold), 1);
    this.holders.delete(hold);
    this.free += hold.permits;
    if (cutShort) this.wasCutShort = true;
    this.serve();
  }

  /** Grants what can be granted, in the order of the line. */
  serve(): void {
    for (;;) {
      const { first } = this.line;
      if (first === undefined || first.permits > this.free) break;
      first.leave();
      first.resolve(this.grant(first.party, first.permits));
      if (first.party.waits.length > 0) this.keeper.grantedOneOfSeveral(first.party);
    }
    if (!this.inUse) this.keeper.unused(this);
  }

  private grant(party: Party, permits: number): Hold {
    const hold = new Hold(party, this, permits, this.keeper.now(), this.wasCutShort);
    this.wasCutShort = false;
    this.free -= permits;
    this.holders.add(hold);
    party.holds.push(hold);
    return hold;
  }
}
