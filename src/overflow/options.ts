import * as v from 'valibot';
import { explainIssue } from '../contract/option-issue.ts';
import { fn, folder, notNegativeMs, positiveInteger } from '../contract/option-values.ts';
import type { Outcome } from '../contract/outcome.ts';
import type { OverflowEntry } from '../contract/overflow.ts';

/** Every default of the file overflow, once. */
export const OVERFLOW_DEFAULTS = {
  maxBytes: 256 * 1024 * 1024,
  maxEntries: 1_000_000,
  syncEveryMs: 1_000,
  window: 100,
  resumeLoad: 0.5,
} as const;

/** Options of `fileOverflow`. */
export interface FileOverflowOptions {
  /** Where the files go; made if it is not there. One engine at a time, on a local disk. */
  readonly folder: string;
  /** Most bytes on disk; beyond it nothing is taken. Default 256 MiB. */
  readonly maxBytes?: number;
  /** Most entries; each takes about 150 bytes of memory while it waits. Default 1,000,000. */
  readonly maxEntries?: number;
  /**
   * How often what was written is forced to the disk, in milliseconds. Default 1,000. Nothing that was accepted is lost
   * when the process is killed, whatever stands here; when the machine loses power, what came since the last time is.
   * 0 forces every entry before it is accepted, which takes milliseconds of the event loop each.
   */
  readonly syncEveryMs?: number;
  /** Most tasks of one target that are with the engine again at once. Default 100. */
  readonly window?: number;
  /** Tasks are brought back while the load of their target is below it, above 0 and at most 1. Default 0.5. */
  readonly resumeLoad?: number;
  /**
   * Is told how each task ended, for its caller no longer waits. The task counts as done once the promise resolves; if it
   * rejects, the error is reported as `listenerError` and the task runs again after the next start.
   */
  readonly onOutcome?: (outcome: Outcome, entry: OverflowEntry) => void | Promise<void>;
}

const load = v.pipe(
  v.number('a number above 0, at most 1'),
  v.check((n) => n > 0 && n <= 1, 'a number above 0, at most 1'),
);
const FILE_OVERFLOW = v.strictObject({
  folder,
  maxBytes: v.optional(positiveInteger(Number.MAX_SAFE_INTEGER)),
  maxEntries: v.optional(positiveInteger(100_000_000)),
  syncEveryMs: v.optional(notNegativeMs),
  window: v.optional(positiveInteger(1_000_000)),
  resumeLoad: v.optional(load),
  onOutcome: v.optional(fn<() => void>('a function (outcome, entry) => void')),
});

/** @throws ConfigError that names the option, what was expected and what came */
export function checkFileOverflow(options: FileOverflowOptions): FileOverflowOptions {
  const result = v.safeParse(FILE_OVERFLOW, options, { abortEarly: true });
  if (!result.success) throw explainIssue(FILE_OVERFLOW, result.issues[0], 'fileOverflow');
  return options;
}
