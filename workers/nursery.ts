/**
 * The thread that the child processes of isolated handlers belong to. It runs nobody's code, so that it outlives the threads
 * that it keeps them for: a process whose parent thread has died is waited for by no one, and stays as a zombie.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { type MessagePort, parentPort } from 'node:worker_threads';
import type { FromNursery, ToNursery } from '../src/contract/child-wire.ts';

/** A handler's port, or that no more come: the thread then ends with the last child. */
parentPort!.on('message', (port: MessagePort | 'close') => {
  if (port === 'close') parentPort!.close();
  else serve(port);
});

/** Keeps one child process at a time. */
function serve(port: MessagePort): void {
  let child: ChildProcess | undefined;
  const tell = (message: FromNursery, moved: ArrayBuffer[] = []): void => port.postMessage(message, moved);
  const start = (path: string, execArgv: readonly string[]): ChildProcess => {
    const started = fork(path, [], {
      serialization: 'advanced',
      execArgv: [...execArgv],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const ended = (how: string): void => {
      // What it still says is too late, and could be taken for the word of the next one.
      started.removeAllListeners('message');
      if (child === started) child = undefined;
      tell({ kind: 'ended', how });
    };
    started.on('message', (part: Uint8Array) => {
      // A copy: it is part of a larger buffer.
      const bytes = new Uint8Array(part);
      tell({ kind: 'heard', bytes }, [bytes.buffer]);
    });
    started.once('exit', (code, signal) => ended(signal ?? `exit code ${code}`));
    // It could not be started, or not be sent to; an end without an exit only follows from the first.
    started.on('error', (error) => {
      if (started.pid === undefined) ended(error.message);
    });
    return started;
  };
  port.on('message', (message: ToNursery) => {
    switch (message.kind) {
      case 'start':
        try {
          child = start(message.path, message.execArgv);
        } catch (error) {
          tell({ kind: 'ended', how: String(error) });
        }
        return;
      case 'tell':
        // Its end is noticed by itself; a message that comes too late needs no second notice.
        if (child?.connected) child.send(message.bytes, () => {});
        return;
      case 'kill':
        child?.kill('SIGKILL');
    }
  });
  // Its thread is dead, or has no more use for it.
  port.on('close', () => child?.kill('SIGKILL'));
}
