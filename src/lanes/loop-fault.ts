import type { TaskContext } from '../contract/agent.ts';
import type { Clock, Random } from '../contract/clock.ts';
import { type Fault, InjectedFaultError } from '../contract/fault.ts';
import type { LoopAgentRef } from './loop-lane.ts';

type Run = LoopAgentRef['run'];

/** A fault before a handler on the event loop. Once it has ended, what it held up goes on. */
export class LoopFault {
  private readonly fault: Fault;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly held = new Set<() => void>();
  private hasEnded = false;

  constructor(fault: Fault, clock: Clock, random: Random) {
    this.fault = fault;
    this.clock = clock;
    this.random = random;
  }

  /** The handler, as the fault lets it be. */
  before(run: Run): Run {
    return (input, ctx) => {
      if (this.hasEnded || this.random() >= this.fault.share) return run(input, ctx);
      if (this.fault.kind === 'errors') throw new InjectedFaultError(this.fault.message);
      return this.hold(ctx).then(() => run(input, ctx));
    };
  }

  end(): void {
    this.hasEnded = true;
    for (const release of [...this.held]) release();
  }

  /** Resolves when the call may go on; rejects if its task has ended before. */
  private hold({ signal }: TaskContext): Promise<void> {
    return new Promise((resolve, reject) => {
      let cancelTimer = () => {};
      const leave = () => {
        this.held.delete(release);
        cancelTimer();
        signal.removeEventListener('abort', stop);
      };
      const release = () => {
        leave();
        resolve();
      };
      const stop = () => {
        leave();
        reject(signal.reason);
      };
      this.held.add(release);
      signal.addEventListener('abort', stop);
      if (this.fault.kind === 'slow') cancelTimer = this.clock.schedule(this.fault.delayMs, release);
    });
  }
}
