import type { Clock } from '../contract/clock.ts';
import type { ProcessProbe } from './process-probe.ts';

/** How far a load run is. */
export interface LoadProgress {
  readonly phase: 'capacity' | 'warm-up' | 'load' | 'drain';
  /** Of the phase. */
  readonly elapsedMs: number;
  readonly totalMs: number;
  readonly offered: number;
  readonly completed: number;
  readonly rejected: number;
  readonly failed: number;
  /** Outstanding. */
  readonly open: number;
  /** Of the interval before, in milliseconds. */
  readonly p99Ms: number;
}

/** What comes from outside: time, the process, and the wish to stop. */
export interface LoadSurroundings {
  readonly clock: Clock;
  /** Milliseconds since the epoch. */
  readonly wallNow: () => number;
  readonly processId: number;
  /** Of the package. */
  readonly version: string;
  readonly openProbe: () => ProcessProbe;
  /** Stops the run; nothing is written then. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}
