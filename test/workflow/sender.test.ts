import { expect, test } from 'vitest';
import { OverloadError } from '../../src/contract/errors.ts';
import type { Outcome } from '../../src/contract/outcome.ts';
import { Sender } from '../../src/workflow/sender.ts';
import { type Sending, type SendingEnd, SingleSending } from '../../src/workflow/sending.ts';
import { VirtualClock } from '../simulation/virtual-clock.ts';

const handle = { id: 'task', cancel: () => true, reprioritize: () => false, on: () => () => undefined };
const base = {
  taskId: 'task',
  agent: undefined,
  timing: { waitMs: 0, serviceMs: 0, totalMs: 0 },
  attempts: [],
};

/** An engine that sheds so many tasks, and then completes all. */
function sending(sheds: number) {
  const clock = new VirtualClock();
  let left = sheds;
  let meanwhile: (() => void) | undefined;
  const ended: string[] = [];
  const sender = new Sender(
    {
      submit: () => {
        if (left-- <= 0) {
          const outcome: Outcome = { ...base, status: 'completed', value: 1 };
          return { ...handle, state: 'running', outcome: Promise.resolve(outcome) };
        }
        const error = new OverloadError('queue-full', 2, 10);
        if (meanwhile !== undefined) queueMicrotask(meanwhile);
        return {
          ...handle,
          state: 'rejected',
          outcome: Promise.resolve({ ...base, status: 'rejected', error }),
        };
      },
    },
    clock,
  );
  class Named extends SingleSending {
    ended({ status }: SendingEnd): void {
      ended.push(`${this.input} ${status}`);
    }
  }
  const send = (name: string): Sending => {
    const one = new Named('agent', name, {}, 0);
    sender.send(one);
    return one;
  };
  /** The next one is shed as well, and before that is known this happens. */
  const shedNext = (happens: () => void): void => {
    left = 1;
    meanwhile = happens;
  };
  return { clock, sender, send, ended, shedNext };
}

test('a task that is cancelled while it is shed again does not keep those behind it waiting', async () => {
  const { clock, sender, send, ended, shedNext } = sending(1);
  const first = send('first');
  send('second');
  await clock.runUntil(1);
  shedNext(() => sender.cancel(first));
  await clock.runUntil(1_000);
  expect(ended).toEqual(['first refused', 'second completed']);
});

test('when nobody waits any more, no timer is left', async () => {
  const { clock, sender, send, ended } = sending(1);
  const first = send('first');
  await clock.runUntil(1);
  sender.cancel(first);
  expect(ended).toEqual(['first refused']);
  expect(clock.nextAtMs).toBeUndefined();
});
