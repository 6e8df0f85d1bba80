import type { RateLimit } from './rate-limit.ts';
import type { Usage } from './usage.ts';
import type { WireThrown } from './wire.ts';

/** What a thread asks of the nursery, by the port of one handler, which has one child process at a time. */
export type ToNursery =
  | { readonly kind: 'start'; readonly path: string; readonly execArgv: readonly string[] }
  /** A `ToChild`, serialized: what cannot be sent is known to the thread at once, and nothing is read twice. */
  | { readonly kind: 'tell'; readonly bytes: Uint8Array }
  | { readonly kind: 'kill' };

/** What the nursery tells the thread. */
export type FromNursery =
  /** A `FromChild`, serialized. */
  { readonly kind: 'heard'; readonly bytes: Uint8Array } | { readonly kind: 'ended'; readonly how: string };

/** What a thread tells the child process that runs a handler for it. */
export type ToChild =
  | { readonly kind: 'load'; readonly agent: string; readonly module: string; readonly exportName: string }
  | { readonly kind: 'run'; readonly taskId: string; readonly input: unknown }
  /** The running task is to stop. */
  | { readonly kind: 'abort'; readonly reason: string }
  /** A report of the running task has arrived. */
  | { readonly kind: 'delivered'; readonly report: number };

/** What a child process tells its thread. It runs one task at a time, so none is named. */
export type FromChild =
  | { readonly kind: 'loaded'; readonly failure: WireThrown | undefined }
  | { readonly kind: 'completed'; readonly value: unknown }
  /** `isLast`: nobody caught it, and the child ends. */
  | { readonly kind: 'failed'; readonly thrown: WireThrown; readonly isLast?: boolean }
  | { readonly kind: 'progress'; readonly report: number; readonly fraction: number }
  | { readonly kind: 'partial'; readonly report: number; readonly part: unknown }
  | { readonly kind: 'usage'; readonly report: number; readonly usage: Usage }
  | {
      readonly kind: 'rateLimit';
      readonly report: number;
      readonly rateLimit: RateLimit;
      readonly resource: string | undefined;
    }
  /** The event loop turns while a handler is awaited. */
  | { readonly kind: 'beat' };
