import type { Clock } from '../contract/clock.ts';
import type { DeadLetter, RedriveResult } from '../contract/dead-letters.ts';
import type { Outcome } from '../contract/outcome.ts';
import type { OverflowEntry } from '../contract/overflow.ts';
import type { KeptLetter } from './letter-store.ts';

/** What a letter's task is submitted with. */
export type Resubmission = Omit<OverflowEntry, 'reason' | 'shedAtMs'>;

/** The way back in. */
export interface RedrivePort {
  readonly clock: Clock;
  /** Its outcome, which never rejects; `undefined` if there is no room. @throws as `engine.submit` does */
  submit(entry: Resubmission, letter: string): Promise<Outcome> | undefined;
  /** Resolves when a task like it would be let in; rejects when the signal aborts or the engine closes. */
  ready(entry: Resubmission, signal: AbortSignal | undefined): Promise<void>;
}

/** What one run over some letters asks of whoever has them. */
export interface RedriveKeeper {
  readonly port: RedrivePort;
  /** The letter as it is now; `undefined` if it is gone. */
  current(id: string): KeptLetter | undefined;
  read(kept: KeptLetter): Promise<unknown>;
  /** Whose tasks are on their way, in this run or another. */
  readonly underWay: Set<string>;
  /** The task of a letter has completed. */
  completed(id: string): void;
}

/** Tasks that are with the engine at once. */
const WINDOW = 100;
/** Letters that are named in the result because they could not be run. */
const MOST_NAMED = 1_000;

const WHY_NOT: Readonly<Record<Exclude<DeadLetter['inputState'], 'kept'>, string>> = {
  moved: 'its input was moved to the thread that died; submit it anew',
  'not-exact': 'its input could not be written down as it is; submit it anew',
  'too-large': 'its input was too large for the folder; submit it anew',
};

/** Runs the tasks of letters again, in their order, a few at a time. */
export class Redrive {
  private readonly keeper: RedriveKeeper;
  private readonly signal: AbortSignal | undefined;
  private readonly running = new Set<Promise<void>>();
  private readonly skipped: { id: string; why: string }[] = [];
  private completed = 0;
  private failed = 0;

  constructor(keeper: RedriveKeeper, signal: AbortSignal | undefined) {
    this.keeper = keeper;
    this.signal = signal;
  }

  async run(ids: readonly string[]): Promise<RedriveResult> {
    for (const id of ids) {
      if (this.running.size >= WINDOW) await Promise.race(this.running);
      if (this.signal?.aborted) this.skip(id, 'it was told to stop');
      else await this.start(id);
    }
    await Promise.all(this.running);
    const { completed, failed, skipped } = this;
    return { completed, failed, skipped };
  }

  private async start(id: string): Promise<void> {
    const { underWay } = this.keeper;
    const kept = this.keeper.current(id);
    if (kept === undefined) return this.skip(id, 'there is no letter of that id');
    const { inputState } = kept.letter;
    if (inputState !== 'kept') return this.skip(id, WHY_NOT[inputState]);
    if (underWay.has(id)) return this.skip(id, 'its task is on its way already');
    underWay.add(id);
    try {
      this.follow(id, await this.submit(entryOf(kept.letter, await this.keeper.read(kept)), id));
    } catch (error) {
      underWay.delete(id);
      this.skip(id, error instanceof Error ? error.message : String(error));
    }
  }

  private async submit(entry: Resubmission, id: string): Promise<Promise<Outcome>[]> {
    const { port } = this.keeper;
    for (;;) {
      const outcome = port.submit(entry, id);
      // In a list, for a promise that an async function returns is waited for.
      if (outcome !== undefined) return [outcome];
      await port.ready(entry, this.signal);
      // A limit that contradicts itself must not keep the event loop busy.
      await new Promise<void>((resolve) => port.clock.defer(resolve));
    }
  }

  private follow(id: string, [outcome]: readonly Promise<Outcome>[]): void {
    const ended = outcome!.then(({ status }) => {
      this.keeper.underWay.delete(id);
      this.running.delete(ended);
      if (status === 'completed') {
        this.completed++;
        this.keeper.completed(id);
      } else this.failed++;
    });
    this.running.add(ended);
  }

  private skip(id: string, why: string): void {
    if (this.skipped.length < MOST_NAMED) this.skipped.push({ id, why });
  }
}

function entryOf(letter: DeadLetter, input: unknown): Resubmission {
  const { target, priority, tenant, workflow, tags, timeoutMs } = letter;
  const more = { ...(tags.length > 0 && { tags }), ...(workflow && { workflow }) };
  return {
    target,
    input,
    priority,
    tenant: tenant ?? undefined,
    timeoutMs: timeoutMs ?? undefined,
    ...more,
  };
}
