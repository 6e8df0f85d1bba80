import { resolve } from 'node:path';
import type { OverflowEntry, OverflowPort, OverflowSink, OverflowSinkStats } from '../contract/overflow.ts';
import type { FileSink } from './file-sink.ts';
import { checkFileOverflow, type FileOverflowOptions, OVERFLOW_DEFAULTS } from './options.ts';

const NOTHING: OverflowSinkStats = { waiting: 0, setAside: 0, acknowledged: 0, bytes: 0 };

/**
 * Keeps shed tasks in files and submits them again when load falls: for each target the oldest of the highest priority
 * first, each through the same door as any task. What was accepted is written down before the caller is told, so
 * `kill -9` loses nothing; the next engine with that folder goes on with it.
 *
 * Every task runs at least once. One that had ended when the process died, but had not been acknowledged, runs again.
 * Tasks that fail by themselves are done, too. Those that were not let run (the upstream was busy, the agent was switched
 * off or is not registered, the engine was closed) stay. Inputs have to come back exactly as they are: plain objects,
 * arrays, primitives, dates, maps, sets and bytes do; instances of classes and functions do not, and are not taken.
 *
 * `createEngine` fails with OVERFLOW_UNUSABLE if the folder cannot be used, or if another engine uses it.
 * @throws ConfigError for a wrong option
 */
export function fileOverflow(options: FileOverflowOptions): OverflowSink {
  return new FileOverflow(checkFileOverflow(options));
}

class FileOverflow implements OverflowSink {
  private readonly options: Required<Omit<FileOverflowOptions, 'onOutcome'>> & FileOverflowOptions;
  private sink: FileSink | undefined = undefined;

  constructor(options: FileOverflowOptions) {
    this.options = { ...OVERFLOW_DEFAULTS, ...defined(options), folder: resolve(options.folder) };
  }

  async start(port: OverflowPort): Promise<void> {
    // Loaded late: engines without an overflow never pay for it.
    const { FileSink } = await import('./file-sink.ts');
    this.sink = await FileSink.open(this.options, port);
  }

  accept(entry: OverflowEntry): boolean {
    return this.sink?.accept(entry) ?? false;
  }

  stats(): OverflowSinkStats {
    return this.sink?.stats() ?? NOTHING;
  }

  async close(): Promise<void> {
    await this.sink?.close();
  }
}

/** Without options that say `undefined`, which mean the default. */
function defined(options: FileOverflowOptions): FileOverflowOptions {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as unknown as FileOverflowOptions;
}
