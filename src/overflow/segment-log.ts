import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../contract/clock.ts';
import { FolderLock } from './folder-lock.ts';
import type { LogEntry, LogHeld, LogKind } from './log-kind.ts';
import { encodeRecord, headerBytes, readSegment } from './record.ts';
import { Segment, segmentNumber } from './segment.ts';

/** Largest segment; a smaller bound for all of them makes each smaller. */
const SEGMENT_BYTES = 8 * 1024 * 1024;
/** So many segments at least make up the bound, so that done ones give room back before all are. */
const SEGMENTS = 8;
/** Share of the bound that is as good as nothing. */
const FULL_SHARE = 0.01;
/** A segment that is done with, and smaller than this, is written on. */
const WORTH_REMOVING_BYTES = 64 * 1024;

export interface SegmentLogOptions {
  readonly folder: string;
  readonly maxBytes: number;
  readonly maxEntries: number;
  /** 0 brings every entry to the disk before it is accepted. */
  readonly syncEveryMs: number;
}

/** What a log needs of its surroundings. */
export interface SegmentLogPort {
  readonly clock: Clock;
  /** A new 32-bit number, different every time. */
  readonly salt: () => number;
  readonly failed: (error: unknown) => void;
}

/** Entries in a folder, as files that are only ever appended to. Writes are synchronous; one engine at a time. */
export class SegmentLog<E extends LogEntry, H extends LogHeld> {
  private readonly kind: LogKind<E, H>;
  private readonly options: SegmentLogOptions;
  private readonly port: SegmentLogPort;
  private readonly lock: FolderLock;
  private readonly segments = new Set<Segment>();
  private active: Segment | undefined = undefined;
  private nextNumber = 1;
  private nextId = 1;
  private cancelSync: (() => void) | undefined = undefined;
  /** So little room that nothing is even encoded, until a segment is done. */
  private isFull = false;
  waiting = 0;
  acknowledged = 0;

  private constructor(
    kind: LogKind<E, H>,
    options: SegmentLogOptions,
    port: SegmentLogPort,
    lock: FolderLock,
  ) {
    this.kind = kind;
    this.options = options;
    this.port = port;
    this.lock = lock;
  }

  /**
   * Opens the folder, or makes it.
   * @returns the log, and what was accepted before and is not done, in the order in which it came
   * @throws SpillwayError as the kind makes it
   */
  static async open<E extends LogEntry, H extends LogHeld>(
    kind: LogKind<E, H>,
    options: SegmentLogOptions,
    port: SegmentLogPort,
  ): Promise<[SegmentLog<E, H>, H[]]> {
    const { folder } = options;
    let log: SegmentLog<E, H> | undefined;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const lock = FolderLock.take(folder, port.salt().toString(36), kind.unusable);
      log = new SegmentLog(kind, options, port, lock);
      return [log, await log.recover()];
    } catch (error) {
      log?.release();
      if (!(error instanceof Error) || !('syscall' in error)) throw error;
      throw kind.unusable(folder, error.message, error);
    }
  }

  get bytes(): number {
    let sum = 0;
    for (const segment of this.segments) sum += segment.bytes;
    return sum;
  }

  /**
   * @returns the entry, as good as on disk; 'full', or 'inexact' if its input would not come back as it is
   * @throws Error of the file system, or of what cannot be serialized; nothing has changed then
   */
  append(entry: E): H | 'full' | 'inexact' {
    const { maxEntries, maxBytes, syncEveryMs } = this.options;
    if (this.isFull || this.waiting >= maxEntries) return 'full';
    const id = this.nextId;
    const record = encodeRecord(entry, id);
    if (record === undefined) return 'inexact';
    if (this.bytes + record.length + headerBytes(this.kind.name) > maxBytes) {
      if (this.active === undefined || this.active.waiting > 0) {
        this.isFull = maxBytes - this.bytes < maxBytes * FULL_SHARE;
        return 'full';
      }
      this.drop(this.active);
      if (this.bytes + record.length + headerBytes(this.kind.name) > maxBytes) return 'full';
    }
    const segment = this.segmentFor();
    const offset = segment.append(record);
    this.nextId++;
    this.waiting++;
    if (syncEveryMs === 0) segment.syncNow();
    else this.syncSoon();
    const { input: _, ...about } = entry;
    return this.kind.hold({ ...about, id }, { segment, offset, bytes: record.length });
  }

  read(held: H): Promise<E> {
    return held.segment.read(held.offset, held.bytes);
  }

  /** The entry is done. @throws Error of the file system; it runs again after the next start then */
  acknowledge(held: H): void {
    const { segment } = held;
    this.waiting--;
    this.acknowledged++;
    segment.acknowledge(held.id);
    if (segment.waiting > 0) return;
    this.isFull = false;
    if (segment !== this.active || segment.bytes >= WORTH_REMOVING_BYTES) this.drop(segment);
  }

  /** Leaves what is not done to the next start. */
  async close(): Promise<void> {
    this.cancelSync?.();
    try {
      for (const segment of [...this.segments]) {
        if (segment.waiting === 0) this.drop(segment);
        else await segment.sync();
      }
    } finally {
      this.release();
    }
  }

  private release(): void {
    for (const segment of this.segments) segment.close();
    this.segments.clear();
    this.lock.release();
  }

  private drop(segment: Segment): void {
    this.segments.delete(segment);
    if (this.active === segment) this.active = undefined;
    segment.remove();
  }

  private segmentFor(): Segment {
    const most = Math.min(SEGMENT_BYTES, this.options.maxBytes / SEGMENTS);
    if (this.active !== undefined && this.active.bytes < most) return this.active;
    if (this.active?.waiting === 0) this.drop(this.active);
    const { folder, syncEveryMs } = this.options;
    const segment = Segment.create(folder, this.kind.name, this.nextNumber++, this.port.salt());
    this.segments.add(segment);
    if (syncEveryMs === 0) syncFolder(folder);
    this.active = segment;
    return segment;
  }

  private syncSoon(): void {
    if (this.cancelSync !== undefined) return;
    const { clock, failed } = this.port;
    const sync = () => {
      this.cancelSync = undefined;
      for (const segment of this.segments) segment.sync().catch(failed);
    };
    // In the background: an engine that was never closed does not keep the process alive for this.
    this.cancelSync = clock.schedule(this.options.syncEveryMs, sync, true);
  }

  private async recover(): Promise<H[]> {
    const { folder } = this.options;
    const { name: kind } = this.kind;
    const names = readdirSync(folder).sort();
    const numbers = names.flatMap((name) => segmentNumber(kind, name) ?? []);
    this.nextNumber = Math.max(0, ...numbers) + 1;
    const held: H[] = [];
    for (const name of names) {
      const path = join(folder, name);
      // Its segment was done with, and the process died before it had removed both.
      const log = name.replace(/\.acks$/, '.log');
      if (log !== name && segmentNumber(kind, log) !== undefined && !names.includes(log)) rmSync(path);
      if (segmentNumber(kind, name) !== undefined) held.push(...(await this.recoverSegment(path)));
    }
    this.waiting = held.length;
    return held.sort((a, b) => a.id - b.id);
  }

  private async recoverSegment(path: string): Promise<H[]> {
    const { kind } = this;
    const bytes = await readFile(path);
    const content = readSegment<E>(bytes, kind.name);
    if (content === undefined) {
      throw kind.unusable(
        this.options.folder,
        `${path} is not a file of this version of Spillway; move it away`,
      );
    }
    const done = Segment.acknowledged(path);
    const segment = Segment.reopen(path, content.salt, bytes.length);
    this.segments.add(segment);
    const held: H[] = [];
    for (const { meta, offset, bytes: length } of content.records) {
      this.nextId = Math.max(this.nextId, meta.id + 1);
      if (!done.has(meta.id)) held.push(kind.hold(meta, { segment, offset, bytes: length }));
    }
    segment.waiting = held.length;
    for (const { offset, bytes: length } of content.damage) {
      segment.isDamaged = true;
      const where = `${path}: ${length} bytes from ${offset} on`;
      this.port.failed(
        kind.unusable(this.options.folder, `${where} are damaged; the entries in them are lost`),
      );
    }
    if (held.length === 0) this.drop(segment);
    return held;
  }
}

/** A new file may be lost in a power cut until its folder is on the disk. */
function syncFolder(folder: string): void {
  // Windows has no such call, and no need for it.
  if (process.platform === 'win32') return;
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
