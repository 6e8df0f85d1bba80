/** What a child process runs: loads one handler, then runs one task at a time for the thread that started it. */
import { deserialize, serialize } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { FromChild, ToChild } from '../src/contract/child-wire.ts';
import { toWire } from '../src/contract/thrown.ts';
import { HEARTBEAT_EVERY_MS } from '../src/contract/wire.ts';
import { ChildContext } from './child-context.ts';
import { Handlers } from './handlers.ts';
import { isThenable } from './thenable.ts';

/** The child runs one handler only. */
const ONLY = 0;
/** How often it is looked whether the parent is still there, in milliseconds. */
const WATCH_EVERY_MS = 500;

const handlers = new Handlers();
let running: ChildContext | undefined;

/** @throws DataCloneError, or what a getter throws, if something in the message cannot be sent. */
function send(message: FromChild): void {
  process.send!(serialize(message));
}

process.on('message', (bytes: Uint8Array) => {
  const message = deserialize(bytes) as ToChild;
  switch (message.kind) {
    case 'load':
      void handlers
        .load(ONLY, message.agent, message.module, message.exportName)
        .then((failure) => send({ kind: 'loaded', failure }));
      return;
    case 'run':
      void run(message.taskId, message.input);
      return;
    case 'abort':
      running?.abort(message.reason);
      return;
    case 'delivered':
      running?.delivered(message.report);
  }
});

async function run(taskId: string, input: unknown): Promise<void> {
  const handler = handlers.get(ONLY)!;
  running = new ChildContext(taskId, handler.agent, send);
  let heartbeat: NodeJS.Timeout | undefined;
  let value: unknown;
  try {
    value = handler.run(input, running);
    // It gave the process back before it was done.
    if (isThenable(value)) heartbeat = setInterval(() => send({ kind: 'beat' }), HEARTBEAT_EVERY_MS);
    value = await value;
  } catch (error) {
    send({ kind: 'failed', thrown: toWire(error) });
    return;
  } finally {
    clearInterval(heartbeat);
    running = undefined;
  }
  try {
    send({ kind: 'completed', value });
  } catch (error) {
    send({ kind: 'failed', thrown: toWire(error, 'RESULT_NOT_CLONEABLE') });
  }
}

process.on('uncaughtException', (error) => {
  // The error belongs to the task that runs now, if any; this process is no longer to be trusted either way.
  if (running === undefined || !process.connected) process.exit(1);
  const message: FromChild = { kind: 'failed', thrown: toWire(error), isLast: true };
  process.send!(serialize(message), () => process.exit(1));
});
// Its thread is gone.
process.on('disconnect', () => process.exit(0));

// A handler that blocks this process would outlive a parent that was killed. A thread of its own notices that.
new Worker(
  // The parent as of now: by the time that this runs it may be another.
  `setInterval(() => {
    if (process.ppid !== ${process.ppid}) process.kill(process.pid, 'SIGKILL');
  }, ${WATCH_EVERY_MS});`,
  { eval: true, execArgv: [], stdin: false },
).unref();
