import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A Redis of our own: on a free port of this machine alone, keeping nothing. */
export interface Redis {
  readonly port: number;
  stop(): Promise<void>;
}

/** @throws Error if there is no `redis-server`, or it does not answer */
export async function startRedis(): Promise<Redis> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-redis-'));
  const port = await freePort();
  const options = { port, bind: '127.0.0.1', save: '', appendonly: 'no', dir: folder };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = spawn('redis-server', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const stop = async () => {
    await end(server);
    await rm(folder, { recursive: true, force: true });
  };
  // Whoever is killed takes it along.
  process.once('exit', () => server.kill('SIGKILL'));
  try {
    await Promise.race([answering(port), failed(server)]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, stop };
}

async function failed(server: ChildProcess): Promise<never> {
  const why = await Promise.race([
    once(server, 'exit').then(([code, by]) => `it ended with ${code ?? by}`),
    once(server, 'error').then(([error]) => {
      throw error;
    }),
  ]).catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' ? 'it is not installed (Debian: apt-get install redis-server)' : error.message,
  );
  throw new Error(`skipped: redis-server could not be started: ${why}`);
}

async function end(server: ChildProcess): Promise<void> {
  if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, 'exit');
  server.kill('SIGTERM');
  await exited;
}

/** Resolves once something accepts connections there. */
async function answering(port: number): Promise<void> {
  const attempts = 200;
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (await accepts(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`skipped: redis-server on port ${port} did not answer within ${attempts * 25} ms`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('expected a port of the loopback');
  return address.port;
}
