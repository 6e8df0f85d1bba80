import { SyncError } from '../contract/errors.ts';
import type { Lock } from '../contract/sync.ts';
import type { Party } from './party.ts';
import type { Resource } from './resource.ts';

/** Permits that a party has. What code in this process is given as its lock is the hold itself. */
export class Hold implements Lock {
  party: Party;
  readonly resource: Resource;
  readonly permits: number;
  readonly sinceMs: number;
  readonly recovered: boolean;
  /** A thread acquired it by itself, and says by itself when it is over. */
  isAdopted = false;
  private state: 'held' | 'released' | 'taken back' = 'held';

  constructor(party: Party, resource: Resource, permits: number, sinceMs: number, recovered: boolean) {
    this.party = party;
    this.resource = resource;
    this.permits = permits;
    this.sinceMs = sinceMs;
    this.recovered = recovered;
  }

  get name(): string {
    return this.resource.name;
  }

  get released(): boolean {
    return this.state !== 'held';
  }

  release(): void {
    if (this.state === 'released') throw releasedTwice(this.resource.title, this.name);
    if (this.state === 'taken back') return;
    this.state = 'released';
    this.resource.giveBack(this, false);
  }

  /** Its party has ended without a release. */
  takeBack(cutShort: boolean): void {
    this.state = 'taken back';
    this.resource.giveBack(this, cutShort);
  }

  /** It turns out whose it is. */
  moveTo(party: Party): void {
    const { holds } = this.party;
    holds.splice(holds.lastIndexOf(this), 1);
    party.holds.push(this);
    this.party = party;
  }

  [Symbol.dispose](): void {
    if (!this.released) this.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.released) this.release();
  }
}

export function releasedTwice(title: string, name: string): SyncError {
  return new SyncError('LOCK_RELEASED', name, `${title}: the lock was released before; release it once`);
}
