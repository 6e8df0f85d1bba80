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
 * Calls one stage after the other, one for each SIGINT or SIGTERM; the one after the last finds no handler and ends the
 * process at once.
 * @returns what removes it
 */
export function onStopSignals(
  process: NodeJS.Process,
  stages: readonly ((stopped: StoppedError) => void)[],
): () => void {
  let stage = 0;
  const onSignal = (name: NodeJS.Signals): void => {
    const call = stages[stage++];
    if (stage === stages.length) remove();
    call?.(new StoppedError(name === 'SIGINT' ? 'SIGINT' : 'SIGTERM'));
  };
  const remove = (): void => {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return remove;
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
  const remove = onStopSignals(process, [(stopped) => stop.abort(stopped)]);
  try {
    return await use(stop.signal);
  } finally {
    remove();
  }
}
