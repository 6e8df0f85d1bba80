/** Where a fault strikes, and for how long. */
interface FaultTarget {
  readonly agent: string;
  /** Share of the calls that it strikes, above 0 and at most 1. Default 1. */
  readonly share?: number;
  /** Ends by itself after so many milliseconds. Default: when it is told to. */
  readonly forMs?: number;
}

/**
 * A fault for drills. On threads all kinds are real; on the event loop, where a crash and a leak would take the process,
 * there are `errors`, `slow` and `hang`.
 */
export type FaultOptions = FaultTarget &
  (
    | {
        /** The thread dies. */
        readonly kind: 'crash';
        /** By `process.exit` (default), or by an exception that nobody catches. */
        readonly how?: 'exit' | 'throw';
      }
    | {
        /** The call does not end before the fault does: an endless loop on a thread, a promise on the event loop. */
        readonly kind: 'hang';
      }
    | {
        /** The call starts late. */
        readonly kind: 'slow';
        /** By how much, in milliseconds. Default 1,000. */
        readonly delayMs?: number;
      }
    | {
        /** The call throws. */
        readonly kind: 'errors';
        /** What the error says. Default `injected fault`. */
        readonly message?: string;
      }
    | {
        /** The call keeps memory until the fault ends. */
        readonly kind: 'memory';
        /** In the heap (default), which the thread's limits bound, or in buffers outside of it. */
        readonly where?: 'heap' | 'buffers';
        /** How much a call keeps, in megabytes. Default 16. */
        readonly mb?: number;
        /** How much each thread keeps at most, in megabytes. Default 1,024. */
        readonly maxMb?: number;
      }
  );

export type FaultKind = FaultOptions['kind'];

/** Ends a fault, as a function or by `using`. All is as before; a second call does nothing. */
export interface FaultEnd extends Disposable {
  (): void;
}

/** A fault as threads get it, its defaults filled in. */
export type Fault = { readonly share: number } & (
  | { readonly kind: 'crash'; readonly how: 'exit' | 'throw' }
  | { readonly kind: 'hang' }
  | { readonly kind: 'slow'; readonly delayMs: number }
  | { readonly kind: 'errors'; readonly message: string }
  | {
      readonly kind: 'memory';
      readonly where: 'heap' | 'buffers';
      readonly mb: number;
      readonly maxMb: number;
    }
);

/** A fault, and the word of shared memory that is not 0 once it has ended: a thread that hangs reads nothing else. */
export interface ThreadFault {
  readonly fault: Fault;
  readonly ended: Int32Array;
}

/** What a call throws that a fault struck. */
export class InjectedFaultError extends Error {
  override readonly name = 'InjectedFaultError';
}
