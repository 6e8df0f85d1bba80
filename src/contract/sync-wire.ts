import { ConfigError, EngineClosedError, SyncError, type SyncErrorCode } from './errors.ts';
import type { LockWordRef } from './lock-word-ref.ts';
import type { BarrierTurn, SyncKind, SyncPicture } from './sync.ts';

/**
 * What a task on a thread asks of the arbiter. `ticket` names a request on its thread, `party` a party of the task: 0 is
 * the task itself.
 */
export type SyncRequest =
  | {
      readonly op: 'acquire';
      readonly ticket: number;
      readonly party: number;
      readonly kind: Exclude<SyncKind, 'barrier'>;
      readonly name: string;
      readonly size: number;
      readonly permits: number;
      readonly timeoutMs: number | undefined;
      /** Words of the mutexes that the party has acquired by itself. */
      readonly holding: readonly number[];
    }
  | {
      readonly op: 'wait';
      readonly ticket: number;
      readonly party: number;
      readonly name: string;
      readonly size: number;
      readonly timeoutMs: number | undefined;
      readonly holding: readonly number[];
    }
  /** Gives back what was acquired, or withdraws what waits. */
  | { readonly op: 'release'; readonly ticket: number }
  /** Gives back what the thread had acquired by itself, where it cannot do so by itself. */
  | { readonly op: 'release word'; readonly word: number; readonly cutShort: boolean }
  | { readonly op: 'begin party'; readonly party: number; readonly label: string }
  | { readonly op: 'end party'; readonly party: number };

export type SyncAnswer =
  | { readonly got: 'lock'; readonly recovered: boolean; readonly word: LockWordRef | undefined }
  | { readonly got: 'turn'; readonly turn: BarrierTurn }
  | { readonly got: 'error'; readonly error: WireSyncError };

/** An error of the arbiter, as plain data. */
export type WireSyncError =
  | {
      readonly kind: 'sync';
      readonly code: SyncErrorCode;
      readonly resource: string;
      readonly message: string;
      readonly picture: SyncPicture;
    }
  | {
      readonly kind: 'config';
      readonly path: string;
      readonly message: string;
      readonly expected: string | undefined;
      readonly received: string | undefined;
    }
  | { readonly kind: 'closed' };

/** @throws what is none of the arbiter's errors. */
export function syncErrorToWire(error: unknown): WireSyncError {
  if (error instanceof SyncError) {
    const { code, resource, message, picture } = error;
    return { kind: 'sync', code, resource, message, picture };
  }
  if (error instanceof ConfigError) {
    const { path, message, expected, received } = error;
    return { kind: 'config', path, message, expected, received };
  }
  if (error instanceof EngineClosedError) return { kind: 'closed' };
  throw error;
}

export function syncErrorFromWire(wire: WireSyncError): Error {
  switch (wire.kind) {
    case 'sync':
      return new SyncError(wire.code, wire.resource, wire.message, wire.picture);
    case 'config': {
      const { path, message, expected, received } = wire;
      return new ConfigError('INVALID_OPTION', path, message, {
        ...(expected !== undefined && { expected }),
        ...(received !== undefined && { received }),
      });
    }
    case 'closed':
      return new EngineClosedError();
  }
}
