import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LogKind } from './log-kind.ts';

/** Makes the error for a folder that cannot be used. */
type Unusable = LogKind<never, never>['unusable'];

const LOCK_NAME = /^lock-(\d+)$/;

/** Who holds a folder. */
interface Holder {
  readonly pid: number;
  /** When the process started, in ticks since the machine did; `null` where the system does not say. */
  readonly startedAtTicks: string | null;
  /** Tells holders in one process apart. */
  readonly token: string;
}

/**
 * A folder that one engine at a time may use. Whoever is first to make the file with the next number holds it; a file
 * whose process is gone counts for nothing. A number is never given to two, so two that find the same dead holder
 * do not take over from each other. For processes of one machine (or container): their ids have to mean the same.
 *
 * A library that renews a lock by the clock (proper-lockfile) takes a process whose event loop is late for dead, and a
 * dead one for alive for some seconds; here late event loops are the daily bread.
 */
export class FolderLock {
  private readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** @param token different for each call @throws what `unusable` makes, if another engine has it */
  static take(folder: string, token: string, unusable: Unusable): FolderLock {
    const mine: Holder = { pid: process.pid, startedAtTicks: startOf(process.pid), token };
    const draft = join(folder, `lock-draft-${process.pid}-${token}`);
    writeFileSync(draft, JSON.stringify(mine));
    try {
      for (;;) {
        const before = locksIn(folder);
        refuseIfHeld(folder, before, token, unusable);
        const number = Math.max(0, ...before) + 1;
        const path = join(folder, `lock-${number}`);
        if (!linked(draft, path)) continue;
        const after = locksIn(folder).filter((other) => other !== number);
        try {
          refuseIfHeld(folder, after, token, unusable);
        } catch (error) {
          rmSync(path, { force: true });
          throw error;
        }
        for (const other of after) rmSync(join(folder, `lock-${other}`), { force: true });
        return new FolderLock(path);
      }
    } finally {
      rmSync(draft, { force: true });
    }
  }

  release(): void {
    rmSync(this.path, { force: true });
  }
}

function locksIn(folder: string): number[] {
  return readdirSync(folder).flatMap((name) => {
    const digits = LOCK_NAME.exec(name)?.[1];
    return digits === undefined ? [] : [Number(digits)];
  });
}

function refuseIfHeld(folder: string, locks: readonly number[], token: string, unusable: Unusable): void {
  for (const number of locks) {
    const path = join(folder, `lock-${number}`);
    const holder = holderIn(path);
    if (holder === undefined || holder.token === token || !isAlive(holder)) continue;
    const who = holder.pid === process.pid ? 'this process' : `process ${holder.pid}`;
    throw unusable(folder, `an engine of ${who} uses it (${path}); give each engine a folder of its own`);
  }
}

/** `undefined` if it has been released meanwhile, or says nothing. */
function holderIn(path: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder> | null;
    return typeof holder?.pid === 'number' ? (holder as Holder) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A process of the same id may be another one: ids are given again, in containers after every start. */
function isAlive({ pid, startedAtTicks }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // It is there, but somebody else's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const ticks = startOf(pid);
  return ticks === null || startedAtTicks === null || ticks === startedAtTicks;
}

/** Field 22 of /proc/PID/stat (proc(5)), counted from behind the name, which may hold anything. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    // No such file system here, or the process has just ended: its id alone has to do.
    return null;
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
