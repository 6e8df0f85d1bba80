import type { LoadOptions } from '../load/options.ts';
import type { WrittenLoad } from '../load/run-load.ts';
import { loadPicture } from './load-progress.ts';
import { showProgress } from './progress-display.ts';
import { withStopSignal } from './stop-signal.ts';
import type { Terminal } from './terminal.ts';
import { packageVersion } from './version.ts';

/** Runs a load in this process, shows how far it is, and stops it when the process is told to stop. */
export async function runLoadHere(options: LoadOptions, terminal: Terminal): Promise<WrittenLoad> {
  const [{ runLoad }, { processProbe }] = await Promise.all([
    import('../load/run-load.ts'),
    import('../load/process-probe.ts'),
  ]);
  const progress = showProgress(terminal.stderr, terminal.clock, loadPicture);
  return withStopSignal(terminal.process, (signal) =>
    runLoad(options, {
      clock: terminal.clock,
      wallNow: terminal.wallNow,
      processId: terminal.process.pid,
      version: packageVersion(),
      openProbe: processProbe,
      signal,
      onProgress: progress.update,
    }),
  ).finally(progress.stop);
}
