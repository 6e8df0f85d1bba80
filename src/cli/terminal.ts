import type { Clock, Random } from '../contract/clock.ts';
import type { Sleep } from '../upstream/pacer.ts';

/** What a command sees of the world outside. */
export interface Terminal {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** For signals. */
  readonly process: NodeJS.Process;
  readonly clock: Clock;
  readonly random: Random;
  /** Milliseconds since the epoch. */
  readonly wallNow: () => number;
  readonly sleep: Sleep;
}

/** What the process ends with. */
export const EXIT = {
  ok: 0,
  failed: 1,
  cannot: 2,
  partial: 3,
  parked: 4,
  sigint: 130,
  sigterm: 143,
} as const;

/** Writes all of the text; resolves when the stream has taken it. Rejects if it cannot be written. */
export function print(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
