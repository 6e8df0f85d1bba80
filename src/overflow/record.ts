import { crc32 } from 'node:zlib';
import { decodePayload, encodePayload } from './exact-payload.ts';
import type { LogEntry, LogMeta } from './log-kind.ts';

/*
 * A segment is a header and records, all numbers little-endian:
 *
 *   header │ "spillway KIND 1\n" │ salt, u32 │
 *   record │ MARK, u32 │ body bytes, u32 │ crc32 of the body, u32 │ meta bytes, u32 │ meta │ payload │
 *          └ offset                                               └ body ────────────────────────────
 *
 * The checksum starts from the segment's salt and the record's offset, so that nothing inside of a payload, and nothing
 * left over from a write that failed, can pass for a record. The mark is where to go on after damage.
 */
const SALT_BYTES = 4;
const MARK = 0x1e0f10c5;
const HEAD_BYTES = 12;
const MIN_BODY_BYTES = 4;

export interface FoundRecord<E extends LogEntry> {
  readonly meta: LogMeta<E>;
  readonly offset: number;
  readonly bytes: number;
}

/** What a segment's bytes hold. `damage` lists stretches that are neither records nor an unfinished last one. */
export interface SegmentContent<E extends LogEntry> {
  readonly salt: number;
  readonly records: readonly FoundRecord<E>[];
  readonly damage: readonly { readonly offset: number; readonly bytes: number }[];
}

/** @param kind name of the log's kind, in ASCII */
export function headerBytes(kind: string): number {
  return magicOf(kind).length + SALT_BYTES;
}

export function encodeHeader(kind: string, salt: number): Buffer {
  const header = Buffer.alloc(headerBytes(kind), magicOf(kind), 'latin1');
  header.writeUInt32LE(salt, header.length - SALT_BYTES);
  return header;
}

function magicOf(kind: string): string {
  return `spillway ${kind} 1\n`;
}

/** Meta and input as bytes, with room in front for what `seal` puts there; `undefined` if they would not come back. */
export function encodeRecord(entry: LogEntry, id: number): Buffer | undefined {
  const { input, ...about } = entry;
  const payload = encodePayload(input);
  if (payload === undefined) return undefined;
  const meta = JSON.stringify({ id, ...about });
  const metaBytes = Buffer.byteLength(meta);
  const record = Buffer.allocUnsafe(HEAD_BYTES + MIN_BODY_BYTES + metaBytes + payload.length);
  record.writeUInt32LE(MARK, 0);
  record.writeUInt32LE(record.length - HEAD_BYTES, 4);
  record.writeUInt32LE(metaBytes, HEAD_BYTES);
  record.write(meta, HEAD_BYTES + MIN_BODY_BYTES);
  payload.copy(record, HEAD_BYTES + MIN_BODY_BYTES + metaBytes);
  return record;
}

/** Puts the checksum for the place where the record is going to stand. */
export function seal(record: Buffer, salt: number, offset: number): void {
  record.writeUInt32LE(checksum(record.subarray(HEAD_BYTES), salt, offset), 8);
}

/** @throws Error if the record is not what was written, or its input cannot be read by this version of Node.js */
export function decodeRecord<E extends LogEntry>(record: Buffer, salt: number, offset: number): E {
  if (bytesOfRecord(record, 0, salt, offset) !== record.length) {
    throw new Error('the record on disk is not what was written');
  }
  const { id: _, ...meta } = metaOf<E>(record, 0);
  const metaBytes = record.readUInt32LE(HEAD_BYTES);
  const input = decodePayload(record.subarray(HEAD_BYTES + MIN_BODY_BYTES + metaBytes));
  return { ...meta, input } as unknown as E;
}

/** `undefined` for a file that is not a segment; an unfinished header is one without records. */
export function readSegment<E extends LogEntry>(bytes: Buffer, kind: string): SegmentContent<E> | undefined {
  const magic = magicOf(kind);
  if (!magic.startsWith(bytes.toString('latin1', 0, Math.min(magic.length, bytes.length)))) return undefined;
  const records: FoundRecord<E>[] = [];
  const damage: { offset: number; bytes: number }[] = [];
  const header = headerBytes(kind);
  if (bytes.length < header) return { salt: 0, records, damage };
  const salt = bytes.readUInt32LE(magic.length);
  for (let offset = header; offset < bytes.length; ) {
    const length = bytesOfRecord(bytes, offset, salt, offset);
    if (length > 0) {
      records.push({ meta: metaOf<E>(bytes, offset), offset, bytes: length });
      offset += length;
      continue;
    }
    const next = nextRecord(bytes, offset + 1, salt);
    // Nothing readable behind it: the write that the process died in. It was never accepted.
    if (next < 0) break;
    damage.push({ offset, bytes: next - offset });
    offset = next;
  }
  return { salt, records, damage };
}

function nextRecord(bytes: Buffer, from: number, salt: number): number {
  const mark = Buffer.alloc(4);
  mark.writeUInt32LE(MARK);
  for (let at = bytes.indexOf(mark, from); at >= 0; at = bytes.indexOf(mark, at + 1)) {
    if (bytesOfRecord(bytes, at, salt, at) > 0) return at;
  }
  return -1;
}

/** Length of the whole record at `at`, whose place in its segment is `offset`; 0 if there is none. */
function bytesOfRecord(bytes: Buffer, at: number, salt: number, offset: number): number {
  if (at + HEAD_BYTES + MIN_BODY_BYTES > bytes.length || bytes.readUInt32LE(at) !== MARK) return 0;
  const bodyBytes = bytes.readUInt32LE(at + 4);
  const end = at + HEAD_BYTES + bodyBytes;
  if (bodyBytes < MIN_BODY_BYTES || end > bytes.length) return 0;
  const sum = checksum(bytes.subarray(at + HEAD_BYTES, end), salt, offset);
  return sum === bytes.readUInt32LE(at + 8) ? end - at : 0;
}

function checksum(body: Buffer, salt: number, offset: number): number {
  return crc32(body, (salt ^ offset) >>> 0);
}

function metaOf<E extends LogEntry>(bytes: Buffer, at: number): LogMeta<E> {
  const start = at + HEAD_BYTES + MIN_BODY_BYTES;
  return JSON.parse(bytes.toString('utf8', start, start + bytes.readUInt32LE(at + HEAD_BYTES)));
}
