import type {
  Barrier,
  BarrierTurn,
  Lock,
  Mutex,
  Semaphore,
  Sync,
  SyncKind,
  SyncParty,
  WaitOptions,
} from '../contract/sync.ts';
import { checkName, checkPermits, checkSize, checkWait } from './check.ts';

/** Where one party's calls go: in the main thread to the arbiter, on a thread through its channel. */
export interface SyncDesk {
  /** A primitive was asked for by its name. @throws ConfigError if that shows already. */
  asked(kind: SyncKind, name: string, size: number): void;
  acquire(
    kind: 'mutex' | 'semaphore',
    name: string,
    size: number,
    permits: number,
    options: WaitOptions | undefined,
  ): Promise<Lock>;
  wait(name: string, size: number, options: WaitOptions | undefined): Promise<BarrierTurn>;
}

/** The primitives as one party has them. */
export class Primitives implements Omit<Sync, 'party'> {
  private readonly desk: SyncDesk;

  constructor(desk: SyncDesk) {
    this.desk = desk;
  }

  mutex(name: string): Mutex {
    checkName('mutex.name', name);
    this.desk.asked('mutex', name, 1);
    return new NamedMutex(this.desk, name);
  }

  semaphore(name: string, size: number): Semaphore {
    checkName('semaphore.name', name);
    checkSize('semaphore', size);
    this.desk.asked('semaphore', name, size);
    return new NamedSemaphore(this.desk, name, size);
  }

  barrier(name: string, size: number): Barrier {
    checkName('barrier.name', name);
    checkSize('barrier', size);
    this.desk.asked('barrier', name, size);
    return new NamedBarrier(this.desk, name, size);
  }
}

/** A party that was asked for: the primitives, and its end. */
export class NamedParty extends Primitives implements SyncParty {
  readonly label: string;
  private readonly onEnd: () => void;

  constructor(desk: SyncDesk, label: string, onEnd: () => void) {
    super(desk);
    this.label = label;
    this.onEnd = onEnd;
  }

  end(): void {
    this.onEnd();
  }

  [Symbol.dispose](): void {
    this.onEnd();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.onEnd();
  }
}

class NamedMutex implements Mutex {
  readonly name: string;
  private readonly desk: SyncDesk;

  constructor(desk: SyncDesk, name: string) {
    this.desk = desk;
    this.name = name;
  }

  async acquire(options?: WaitOptions): Promise<Lock> {
    checkWait(options);
    return this.desk.acquire('mutex', this.name, 1, 1, options);
  }

  async withLock<T>(fn: (lock: Lock) => T | Promise<T>, options?: WaitOptions): Promise<T> {
    return holding(await this.acquire(options), fn);
  }
}

class NamedSemaphore implements Semaphore {
  readonly name: string;
  readonly size: number;
  private readonly desk: SyncDesk;

  constructor(desk: SyncDesk, name: string, size: number) {
    this.desk = desk;
    this.name = name;
    this.size = size;
  }

  async acquire(permits = 1, options?: WaitOptions): Promise<Lock> {
    checkPermits(permits, this.size);
    checkWait(options);
    return this.desk.acquire('semaphore', this.name, this.size, permits, options);
  }

  async withLock<T>(fn: (lock: Lock) => T | Promise<T>, options?: WaitOptions): Promise<T> {
    return holding(await this.acquire(1, options), fn);
  }
}

class NamedBarrier implements Barrier {
  readonly name: string;
  readonly size: number;
  private readonly desk: SyncDesk;

  constructor(desk: SyncDesk, name: string, size: number) {
    this.desk = desk;
    this.name = name;
    this.size = size;
  }

  async wait(options?: WaitOptions): Promise<BarrierTurn> {
    checkWait(options);
    return this.desk.wait(this.name, this.size, options);
  }
}

async function holding<T>(lock: Lock, fn: (lock: Lock) => T | Promise<T>): Promise<T> {
  try {
    return await fn(lock);
  } finally {
    // The function may have released it itself.
    if (!lock.released) lock.release();
  }
}
