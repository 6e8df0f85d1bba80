/**
 * The process that `startUpstream` starts: serves until its parent closes the channel or dies. Its options come as
 * JSON in the first argument; it answers with one message, `{ baseUrl }` or `{ error }`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicNowMs } from '../contract/clock.ts';
import { serveUpstream } from './server.ts';

if (!process.send) {
  throw new Error('this module is started by startUpstream(); by hand, use: spillway upstream');
}

// The parent holds the only end of this channel, so its death closes it, however it died.
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches every process of the terminal; the parent still needs its answers to stop cleanly.
process.on('SIGINT', () => {});

const send = (message: object): void => void process.send?.(message);
try {
  const server = await serveUpstream(JSON.parse(process.argv[2] ?? '{}'), {
    now: monotonicNowMs,
    wallNow: Date.now,
    sleep: (delayMs, signal) => sleep(delayMs, undefined, signal === undefined ? {} : { signal }),
  });
  send({ baseUrl: server.baseUrl });
} catch (error) {
  send({ error: error instanceof Error ? error.message : String(error) });
}
