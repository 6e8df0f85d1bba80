import type { EventStore } from '../contract/event-store.ts';
import type { RunStatus, StepResult, StepStatus, WorkflowResult } from '../contract/workflow.ts';
import type { WorkflowEvent } from '../contract/workflow-events.ts';
import type { Answer, Dependents, StepFilter, WorkflowRun } from '../contract/workflow-run.ts';
import type { WorkflowStatus } from '../contract/workflow-status.ts';
import { illegal, mayControl } from './control.ts';
import { Progress } from './progress.ts';
import { resultsOf } from './results.ts';
import type { Run } from './run.ts';

export class RunHandle implements WorkflowRun {
  protected readonly run: Run;
  protected readonly store: EventStore<WorkflowEvent>;
  readonly #progress: Progress;

  constructor(run: Run, store: EventStore<WorkflowEvent>) {
    this.run = run;
    this.store = store;
    this.#progress = new Progress(run);
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
        for await (const event of this.store.read(this.id, next)) {
          yield event;
          next = event.seq + 1;
        }
        if (next < this.run.state.version) continue;
        if (this.state === 'ended') return;
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
    return this.run.state.steps[this.#indexOf(name)]!.status;
  }

  pause(): Promise<void> {
    return this.run.ask({ type: 'pause' });
  }

  resume(): Promise<void> {
    return this.run.ask({ type: 'resume' });
  }

  async stop(): Promise<void> {
    await this.run.ask({ type: 'stop' });
    await this.#until((state) => state !== 'stopping');
  }

  async cancel(filter?: StepFilter & { readonly dependents?: Dependents }): Promise<void> {
    if (filter === undefined) return this.run.ask({ type: 'cancel' });
    mayControl('cancel steps', this.state, this.id);
    const { dependents = 'cancel' } = filter;
    await this.run.cancelSteps(this.#matching(filter), dependents);
  }

  async retry(step: string): Promise<void> {
    await this.run.ask({ type: 'retry', step: this.#indexOf(step) });
  }

  async skip(step: string, options: { readonly value?: unknown } = {}): Promise<void> {
    await this.run.ask({ type: 'skip', step: this.#indexOf(step), ...options });
  }

  async answer(step: string, answer: Answer, item?: number): Promise<void> {
    await this.run.ask({ type: 'answer', step: this.#indexOf(step), item, answer });
  }

  signal(signal: string, value?: unknown): Promise<void> {
    return this.run.ask({ type: 'signal', signal, value });
  }

  #indexOf(name: string): number {
    const index = this.run.plan.indexOf.get(name);
    if (index !== undefined) return index;
    const names = [...this.run.plan.indexOf.keys()].map((one) => `"${one}"`).join(', ');
    throw illegal(`workflow "${this.workflow}" has no step "${name}"; it has ${names}`);
  }

  #matching({ steps, agents, kinds, priority }: StepFilter): readonly number[] {
    const named = steps?.map((name) => this.#indexOf(name));
    return this.run.plan.steps
      .filter(({ index, definition }) => {
        if (named !== undefined && !named.includes(index)) return false;
        if (kinds !== undefined && !kinds.includes(definition.kind)) return false;
        if (agents !== undefined) {
          const work = 'work' in definition ? definition.work : undefined;
          if (work?.kind !== 'agent' || !agents.includes(work.agent)) return false;
        }
        if (priority === undefined) return true;
        const level = this.run.levelOf(index);
        return (
          level >= (priority.from ?? Number.NEGATIVE_INFINITY) &&
          level <= (priority.to ?? Number.POSITIVE_INFINITY)
        );
      })
      .map(({ index }) => index);
  }

  #until(holds: (state: RunStatus) => boolean): Promise<void> {
    if (holds(this.state)) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = this.run.listen(() => {
        if (!holds(this.state)) return;
        stop();
        resolve();
      });
    });
  }
}
