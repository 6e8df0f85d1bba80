import { randomInt } from 'node:crypto';
import type { Outcome } from '../contract/outcome.ts';
import type { OverflowEntry, OverflowPort, OverflowSinkStats } from '../contract/overflow.ts';
import { type HeldEntry, OVERFLOW_LOG } from './held-entry.ts';
import type { FileOverflowOptions } from './options.ts';
import { type LineKeeper, ReturnLine } from './return-line.ts';
import { SegmentLog } from './segment-log.ts';

export type FileSinkOptions = Required<Omit<FileOverflowOptions, 'onOutcome'>> & FileOverflowOptions;

/** After a write that failed nothing is tried for so long, in milliseconds: a full disk stays full for a while. */
const WRITE_PAUSE_MS = 1_000;

/** The log of what overflowed, and for each target the line in which it goes back. */
export class FileSink implements LineKeeper {
  readonly port: OverflowPort;
  readonly window: number;
  readonly resumeLoad: number;
  private readonly options: FileSinkOptions;
  private readonly log: SegmentLog<OverflowEntry, HeldEntry>;
  private readonly lines = new Map<string, ReturnLine>();
  /** Targets for which it was reported that an input cannot be written down. */
  private readonly reported = new Set<string>();
  private asideCount = 0;
  private pausedUntilMs = Number.NEGATIVE_INFINITY;

  private constructor(
    options: FileSinkOptions,
    port: OverflowPort,
    log: SegmentLog<OverflowEntry, HeldEntry>,
  ) {
    this.options = options;
    this.port = port;
    this.window = options.window;
    this.resumeLoad = options.resumeLoad;
    this.log = log;
  }

  /** Opens the folder and goes on with what it holds. @throws SpillwayError OVERFLOW_UNUSABLE */
  static async open(options: FileSinkOptions, port: OverflowPort): Promise<FileSink> {
    const { clock, failed } = port;
    const salt = () => randomInt(2 ** 32);
    const [log, held] = await SegmentLog.open(OVERFLOW_LOG, options, { clock, failed, salt });
    const sink = new FileSink(options, port, log);
    for (const entry of held) sink.lineOf(entry.target).push(entry);
    return sink;
  }

  accept(entry: OverflowEntry): boolean {
    const { clock, failed } = this.port;
    if (clock.now() < this.pausedUntilMs) return false;
    try {
      const held = this.log.append(entry);
      if (held === 'full') return false;
      if (held === 'inexact') {
        this.reportInexact(entry.target);
        return false;
      }
      this.lineOf(entry.target).push(held);
      return true;
    } catch (error) {
      // What the file system says, and not what is wrong with this one input.
      if (error instanceof Error && 'syscall' in error) this.pausedUntilMs = clock.now() + WRITE_PAUSE_MS;
      failed(error);
      return false;
    }
  }

  stats(): OverflowSinkStats {
    const { waiting, acknowledged, bytes } = this.log;
    return { waiting, setAside: this.asideCount, acknowledged, bytes };
  }

  async close(): Promise<void> {
    await Promise.all([...this.lines.values()].map((line) => line.stop()));
    await this.log.close();
  }

  async read(held: HeldEntry): Promise<OverflowEntry> {
    const entry = await this.log.read(held);
    // JSON leaves out what is undefined.
    return { ...entry, tenant: entry.tenant, timeoutMs: entry.timeoutMs };
  }

  async ended(held: HeldEntry, entry: OverflowEntry, outcome: Outcome): Promise<void> {
    try {
      await this.options.onOutcome?.(outcome, entry);
    } catch (error) {
      this.setAside(held, error);
      return;
    }
    try {
      this.log.acknowledge(held);
    } catch (error) {
      this.port.failed(error);
    }
  }

  setAside(_held: HeldEntry, error: unknown): void {
    this.asideCount++;
    this.port.failed(error);
  }

  private lineOf(target: OverflowEntry['target']): ReturnLine {
    const key = keyOf(target);
    let line = this.lines.get(key);
    if (line === undefined) {
      line = new ReturnLine(this, target);
      this.lines.set(key, line);
    }
    return line;
  }

  /** Once for each target: under overload there would be no end of it. */
  private reportInexact(target: OverflowEntry['target']): void {
    const key = keyOf(target);
    if (this.reported.has(key)) return;
    this.reported.add(key);
    const what = 'an instance of a class, a function, a symbol, or shared memory';
    this.port.failed(
      new TypeError(`${key}: an input with ${what} does not overflow; it would not come back as it is`),
    );
  }
}

function keyOf(target: OverflowEntry['target']): string {
  return typeof target === 'string' ? `agent "${target}"` : `capability "${target.capability}"`;
}
