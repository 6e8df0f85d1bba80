import { SyncError } from '../contract/errors.ts';
import type { SyncKind } from '../contract/sync.ts';
import { sizeConflict } from './check.ts';
import { Line } from './line.ts';
import { Resource, type ResourceKeeper } from './resource.ts';
import { Rounds } from './rounds.ts';

/** What stands behind the names. Those that nobody uses are kept, so that a name keeps its size, until others need the room. */
export class Names {
  readonly mutex = new Map<string, Resource>();
  readonly semaphore = new Map<string, Resource>();
  readonly barrier = new Map<string, Rounds>();
  /** Unused ones, the one longest unused first. */
  private readonly unused = new Line<Resource>();
  private readonly unusedBarriers = new Line<Rounds>();
  private readonly keeper: ResourceKeeper;
  private readonly max: number;

  constructor(keeper: ResourceKeeper, max: number) {
    this.keeper = keeper;
    this.max = max;
  }

  /** @throws ConfigError if it has another size, SyncError `SYNC_LIMIT` if there are too many in use. */
  resource(kind: 'mutex' | 'semaphore', name: string, size: number): Resource {
    const known = this[kind].get(name);
    if (known !== undefined) {
      if (known.size !== size) throw sizeConflict(kind, name, known.size, size);
      return known;
    }
    this.makeRoom(kind, name);
    const resource = new Resource(kind, name, size, this.keeper);
    this[kind].set(name, resource);
    this.nowUnused(resource);
    return resource;
  }

  /** @throws ConfigError if it has another size, SyncError `SYNC_LIMIT` if there are too many in use. */
  rounds(name: string, size: number): Rounds {
    const known = this.barrier.get(name);
    if (known !== undefined) {
      if (known.size !== size) throw sizeConflict('barrier', name, known.size, size);
      return known;
    }
    this.makeRoom('barrier', name);
    const rounds = new Rounds(name, size);
    this.barrier.set(name, rounds);
    this.nowUnused(rounds);
    return rounds;
  }

  used(member: Resource | Rounds): void {
    if (!member.isListed) return;
    member.isListed = false;
    if (member.kind === 'barrier') this.unusedBarriers.remove(member);
    else this.unused.remove(member);
  }

  nowUnused(member: Resource | Rounds): void {
    if (member.isListed) return;
    member.isListed = true;
    if (member.kind === 'barrier') this.unusedBarriers.push(member);
    else this.unused.push(member);
  }

  /** What somebody holds or waits for. */
  *inUse(): IterableIterator<Resource | Rounds> {
    for (const map of [this.mutex, this.semaphore, this.barrier])
      for (const member of map.values()) if (member.inUse) yield member;
  }

  private makeRoom(kind: SyncKind, name: string): void {
    if (this.mutex.size + this.semaphore.size + this.barrier.size < this.max) return;
    // One that a thread turns out to hold is unused no more.
    while (this.unused.first !== undefined && !this.keeper.mayForget(this.unused.first));
    const oldest = this.unused.first ?? this.unusedBarriers.first;
    if (oldest === undefined) {
      const message = `${kind} "${name}": all ${this.max} names that the engine keeps are in use; raise sync.maxNames`;
      throw new SyncError('SYNC_LIMIT', name, message);
    }
    this.used(oldest);
    this[oldest.kind].delete(oldest.name);
  }
}
