import { type Clock, wallNowMs } from '../contract/clock.ts';
import type { ShedReason } from '../contract/errors.ts';
import type { TaskOptions } from '../contract/handle.ts';
import type {
  OverflowEntry,
  OverflowPort,
  OverflowSink,
  OverflowSinkStats,
  OverflowStats,
} from '../contract/overflow.ts';
import type { Task } from '../contract/task.ts';
import type { Route } from './route.ts';

/** What of a task's options is kept with its entry. */
interface Asked {
  readonly tenant?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly workflow?: string | undefined;
}

/** Offers what is shed to the sink of the user, whatever that does with it. */
export class Overflow {
  private readonly sink: OverflowSink;
  private readonly clock: Clock;
  private readonly failed: (error: unknown) => void;
  private isOpen = false;
  private accepted = 0;
  private refused = 0;
  resubmitted = 0;

  constructor(sink: OverflowSink, clock: Clock, failed: (error: unknown) => void) {
    this.sink = sink;
    this.clock = clock;
    this.failed = failed;
  }

  async start(port: OverflowPort): Promise<void> {
    await this.sink.start(port);
    this.isOpen = true;
  }

  /** Never rejects, and does not wait for longer than that. A sink that was not started has nothing to close. */
  async close(timeoutMs: number): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    let cancel = () => {};
    const late = new Promise<never>((_, reject) => {
      const error = new Error(
        `the overflow sink did not close within ${timeoutMs} ms; what it holds is still its own`,
      );
      cancel = this.clock.schedule(timeoutMs, () => reject(error));
    });
    try {
      await Promise.race([this.sink.close(), late]);
    } catch (error) {
      this.failed(error);
    }
    cancel();
  }

  /** Offers a task that was turned away at the door; `input` is the caller's. */
  takeNew(
    route: Route,
    input: unknown,
    priority: number,
    options: TaskOptions | undefined,
    reason: ShedReason,
  ): boolean {
    if (options?.signal !== undefined || options?.transfer !== undefined) return false;
    if (options?.retry !== undefined || options?.deadlineMs !== undefined) return false;
    return this.offer(route, input, priority, options, reason);
  }

  /** Offers a task that has waited too long. */
  takeLate(task: Task, reason: ShedReason): boolean {
    const { extras } = task;
    if (extras?.unlisten !== undefined || extras?.transfer !== undefined) return false;
    if (extras?.retry !== undefined || extras?.deadlineMs !== undefined) return false;
    const { input, level } = extras?.asked ?? { input: task.payload, level: task.level };
    return this.offer(task.target as Route, input, level, extras, reason);
  }

  stats(): OverflowStats {
    const { accepted, refused, resubmitted } = this;
    return { accepted, refused, resubmitted, ...this.sinkStats() };
  }

  private sinkStats(): OverflowSinkStats {
    try {
      const { waiting, setAside, acknowledged, bytes } = this.sink.stats();
      return { waiting, setAside, acknowledged, bytes };
    } catch (error) {
      this.failed(error);
      const unknown = Number.NaN;
      return { waiting: unknown, setAside: unknown, acknowledged: unknown, bytes: unknown };
    }
  }

  private offer(
    { kind, name }: Route,
    input: unknown,
    priority: number,
    more: Asked | undefined,
    reason: ShedReason,
  ): boolean {
    if (!this.isOpen) return false;
    const target: OverflowEntry['target'] = kind === 'agent' ? name : { capability: name };
    let isTaken = false;
    try {
      const { tenant, timeoutMs, tags, workflow } = more ?? {};
      const entry = {
        ...{ target, input, priority, tenant, timeoutMs, reason, shedAtMs: wallNowMs() },
        ...(tags !== undefined && { tags }),
        ...(workflow !== undefined && { workflow }),
      };
      isTaken = this.sink.accept(entry) === true;
    } catch (error) {
      this.failed(error);
    }
    if (isTaken) this.accepted++;
    else this.refused++;
    return isTaken;
  }
}
