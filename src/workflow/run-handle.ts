import type { EventStore } from '../contract/event-store.ts';
import { mayGoUnheard, rejected } from '../contract/rejected.ts';
import type { RunStatus, StepResult, StepStatus, WorkflowResult } from '../contract/workflow.ts';
import type { WorkflowEvent } from '../contract/workflow-events.ts';
import type { Answer, CancelledSteps, ForkOptions, WorkflowRun } from '../contract/workflow-run.ts';
import type { WorkflowStatus } from '../contract/workflow-status.ts';
import {
  type CancelFilter,
  cancelledOf,
  checkFilter,
  filterInside,
  indexOf,
  meantBy,
  type ToldInside,
  toldTogether,
} from './cancelling.ts';
import { checkpoint, checkToken } from './checkpoint.ts';
import { Progress } from './progress.ts';
import { resultsOf } from './results.ts';
import type { Run } from './run.ts';

/** What a handle needs beside its run. */
export interface HandleParts {
  readonly store: EventStore<WorkflowEvent>;
  readonly fork: (options: ForkOptions) => Promise<RunHandle>;
  /** The run of that id, if it is known. */
  readonly known: (id: string) => RunHandle | undefined;
}

export class RunHandle implements WorkflowRun {
  protected readonly run: Run;
  readonly #progress: Progress;
  protected readonly parts: HandleParts;

  constructor(run: Run, parts: HandleParts) {
    this.run = run;
    this.parts = parts;
    this.#progress = new Progress(run, (step) =>
      run.children.statusesIn(step, (id) => parts.known(id)?.status()),
    );
    run.listen((events) => this.#progress.take(events));
  }

  get id(): string {
    return this.run.state.run;
  }

  get workflow(): string {
    return this.run.state.workflow;
  }

  get state(): RunStatus {
    return this.run.state.status;
  }

  result(): Promise<WorkflowResult> {
    return this.run.ended;
  }

  results(): AsyncIterableIterator<StepResult> {
    return resultsOf(this.events(), this.run.plan);
  }

  async *events(from = 0): AsyncIterableIterator<WorkflowEvent> {
    let next = from;
    let wake: (() => void) | undefined;
    const stop = this.run.listen(() => wake?.());
    try {
      while (true) {
        const { kept } = this.run;
        for await (const event of this.parts.store.read(this.id, next)) {
          yield event;
          next = event.seq + 1;
        }
        // What a snapshot stands for may be gone.
        next = Math.max(next, kept);
        if (next < this.run.kept) continue;
        if (this.state === 'ended' && this.run.kept === this.run.state.version) return;
        if (this.run.isBroken) await this.run.ended;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
      }
    } finally {
      stop();
    }
  }

  status(): WorkflowStatus {
    return this.#progress.status();
  }

  step(name: string): StepStatus {
    return this.run.state.steps[indexOf(this.run.plan, name)]!.status;
  }

  pause(): Promise<void> {
    return this.run.ask({ type: 'pause' });
  }

  resume(token?: string): Promise<void> {
    return this.#ask(() => {
      if (token !== undefined) checkToken(this.run, token);
      return this.run.ask({ type: 'resume' });
    });
  }

  stop(): Promise<string> {
    return this.#ask(async () => {
      await this.run.ask({ type: 'stop' });
      await this.#until((state) => state !== 'stopping');
      return checkpoint(this.run, this.parts.store);
    });
  }

  checkpoint(): Promise<string> {
    return this.#ask(() => checkpoint(this.run, this.parts.store));
  }

  fork(options: ForkOptions): Promise<RunHandle> {
    return this.#ask(() => this.parts.fork(options));
  }

  cancel(filter?: CancelFilter): Promise<CancelledSteps> {
    const { run } = this;
    return this.#ask(async () => {
      if (filter === undefined) {
        const all = run.plan.steps.map(({ index }) => index);
        const told = cancelledOf(run.plan, run.state, all, 'cancel');
        await run.ask({ type: 'cancel' });
        return told;
      }
      checkFilter(filter);
      const meant = meantBy(run.plan, filter, (step) => run.levelOf(step));
      const told = await run.cancelSteps(meant, filter.dependents ?? 'cancel');
      return toldTogether(told, await this.#cancelInside(filter, new Set(told.steps)));
    });
  }

  /** The same in nested runs, but for those that are cancelled as a whole. */
  async #cancelInside(filter: CancelFilter, whole: ReadonlySet<string>): Promise<readonly ToldInside[]> {
    const told: ToldInside[] = [];
    for (const [name, step, id] of this.run.children) {
      const inside = this.parts.known(id);
      const meant = filterInside(filter, name);
      if (inside === undefined || meant === undefined || whole.has(step)) continue;
      // What is being undone, or has ended, has nothing to be cancelled.
      if (inside.state === 'compensating' || inside.state === 'ended') continue;
      told.push({ name, told: await inside.cancel(meant) });
    }
    return told;
  }

  retry(step: string): Promise<void> {
    return this.#ask(() => this.run.ask({ type: 'retry', step: indexOf(this.run.plan, step) }));
  }

  skip(step: string, options: { readonly value?: unknown } = {}): Promise<void> {
    return this.#ask(() => this.run.ask({ type: 'skip', step: indexOf(this.run.plan, step), ...options }));
  }

  answer(step: string, answer: Answer, item?: number): Promise<void> {
    return this.#ask(() =>
      this.run.ask({ type: 'answer', step: indexOf(this.run.plan, step), item, answer }),
    );
  }

  signal(signal: string, value?: unknown): Promise<void> {
    return this.run.ask({ type: 'signal', signal, value });
  }

  /** What is wrong about it rejects, too; and nobody has to wait for it. */
  #ask<T>(act: () => Promise<T>): Promise<T> {
    try {
      return mayGoUnheard(act());
    } catch (error) {
      return rejected(error);
    }
  }

  /** Rejects if the run cannot go on before that. */
  #until(holds: (state: RunStatus) => boolean): Promise<void> {
    if (holds(this.state)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const stop = this.run.listen(() => {
        if (this.run.isBroken) this.run.ended.catch(reject);
        else if (!holds(this.state)) return;
        else resolve();
        stop();
      });
    });
  }
}
