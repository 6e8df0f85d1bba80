import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  read as readAtCallback,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import type { LogEntry } from './log-kind.ts';
import { decodeRecord, encodeHeader, seal } from './record.ts';

const readAt = promisify(readAtCallback);
const ACK_BYTES = 12;

/** Number of the segment of this kind that a file of this name is; `undefined` if it is none. */
export function segmentNumber(kind: string, fileName: string): number | undefined {
  const digits = /^(.*)-(\d{8})\.log$/.exec(fileName);
  return digits?.[1] === kind ? Number(digits[2]) : undefined;
}

/** One file of records, and beside it one with the ids of those that are done. */
export class Segment {
  readonly path: string;
  private readonly ackPath: string;
  private readonly fd: number;
  private readonly salt: number;
  private ackFd: number | undefined = undefined;
  private ackBytes = 0;
  private isDirty = false;
  private isClosed = false;
  private syncs = 0;
  /** Where the next record goes. */
  bytes: number;
  /** Records that are not done. */
  waiting = 0;
  /** Parts of it cannot be read. When it is done with it is kept under another name, for whoever can. */
  isDamaged = false;

  private constructor(path: string, fd: number, salt: number, bytes: number) {
    this.path = path;
    this.ackPath = ackPathOf(path);
    this.fd = fd;
    this.salt = salt;
    this.bytes = bytes;
  }

  /** @param salt 32 random bits @throws Error of the file system */
  static create(folder: string, kind: string, number: number, salt: number): Segment {
    const path = join(folder, `${kind}-${String(number).padStart(8, '0')}.log`);
    const fd = openSync(path, 'wx+', 0o600);
    const segment = new Segment(path, fd, salt, 0);
    try {
      segment.write(encodeHeader(kind, salt));
    } catch (error) {
      closeSync(fd);
      rmSync(path, { force: true });
      throw error;
    }
    return segment;
  }

  /** One that another process has left; nothing is appended to it any more. */
  static reopen(path: string, salt: number, bytes: number): Segment {
    return new Segment(path, openSync(path, 'r'), salt, bytes);
  }

  /** Ids that were acknowledged in a segment of this path. */
  static acknowledged(path: string): Set<number> {
    const ids = new Set<number>();
    let bytes: Buffer;
    try {
      bytes = readFileSync(ackPathOf(path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ids;
      throw error;
    }
    for (let at = 0; at + ACK_BYTES <= bytes.length; at += ACK_BYTES) {
      // An unfinished one at the end: its task runs twice.
      if (crc32(bytes.subarray(at, at + 8)) === bytes.readUInt32LE(at + 8)) ids.add(bytes.readDoubleLE(at));
    }
    return ids;
  }

  /** Gives the record's place. @throws Error of the file system; nothing has changed then */
  append(record: Buffer): number {
    const offset = this.bytes;
    seal(record, this.salt, offset);
    this.write(record);
    this.waiting++;
    return offset;
  }

  async read<E extends LogEntry>(offset: number, bytes: number): Promise<E> {
    const record = Buffer.allocUnsafe(bytes);
    let filled = 0;
    while (filled < bytes) {
      const { bytesRead } = await readAt(this.fd, record, filled, bytes - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return decodeRecord(record.subarray(0, filled), this.salt, offset);
  }

  /** @throws Error of the file system; the task runs again after the next start then */
  acknowledge(id: number): void {
    this.waiting--;
    const ack = Buffer.allocUnsafe(ACK_BYTES);
    ack.writeDoubleLE(id, 0);
    ack.writeUInt32LE(crc32(ack.subarray(0, 8)), 8);
    this.ackFd ??= this.openAcks();
    writeWhole(this.ackFd, ack, this.ackBytes);
    this.ackBytes += ACK_BYTES;
  }

  /** Brings what was written to the disk, in the background. Resolves when it is there. */
  sync(): Promise<void> {
    if (!this.isDirty) return Promise.resolve();
    this.isDirty = false;
    this.syncs++;
    return promisify(fdatasync)(this.fd).finally(() => {
      this.syncs--;
      if (this.isClosed) this.close();
    });
  }

  syncNow(): void {
    if (!this.isDirty) return;
    this.isDirty = false;
    fdatasyncSync(this.fd);
  }

  /** The number of an open file must not be given to another while somebody syncs it. */
  close(): void {
    this.isClosed = true;
    if (this.syncs > 0) return;
    closeSync(this.fd);
    if (this.ackFd !== undefined) closeSync(this.ackFd);
    this.ackFd = undefined;
  }

  /** Removes it: first the records, for acknowledgements alone harm nobody. */
  remove(): void {
    this.close();
    if (this.isDamaged) renameSync(this.path, `${this.path}.damaged`);
    else rmSync(this.path, { force: true });
    rmSync(this.ackPath, { force: true });
  }

  private openAcks(): number {
    const fd = openSync(this.ackPath, constants.O_RDWR | constants.O_CREAT, 0o600);
    // Over one that was left unfinished: what follows it would not be found.
    const { size } = fstatSync(fd);
    this.ackBytes = size - (size % ACK_BYTES);
    return fd;
  }

  private write(record: Buffer): void {
    try {
      writeWhole(this.fd, record, this.bytes);
    } catch (error) {
      // Half a record would be skipped anyway; this gives its place back where the disk is full.
      try {
        ftruncateSync(this.fd, this.bytes);
      } catch {
        // The next record goes to the same place, whatever stands there.
      }
      throw error;
    }
    this.bytes += record.length;
    this.isDirty = true;
  }
}

export function ackPathOf(path: string): string {
  return path.replace(/\.log$/, '.acks');
}

/** A write to a disk that fills up may end early, without an error. */
function writeWhole(fd: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  }
}
