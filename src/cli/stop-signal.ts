import { EXIT } from './terminal.ts';

/** Why a run was stopped from outside. */
export class StoppedError extends Error {
  readonly exitCode: number;
  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`stopped by ${signal}`);
    this.exitCode = signal === 'SIGINT' ? EXIT.sigint : EXIT.sigterm;
  }
}

/**
 * Calls `use` with a signal that aborts, with a `StoppedError`, on the first SIGINT or SIGTERM. A second one finds
 * no handler and ends the process at once.
 */
export async function withStopSignal<T>(
  process: NodeJS.Process,
  use: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    remove();
    stop.abort(new StoppedError(name === 'SIGINT' ? 'SIGINT' : 'SIGTERM'));
  };
  const remove = (): void => {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    return await use(stop.signal);
  } finally {
    remove();
  }
}
