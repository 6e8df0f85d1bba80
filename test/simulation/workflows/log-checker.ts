import type { StepError, WorkflowResult } from '../../../src/contract/workflow.ts';
import { WORKFLOW_DEFAULTS } from '../../../src/contract/workflow-definition.ts';
import type { WorkflowEvent } from '../../../src/contract/workflow-events.ts';
import type { ModelledWorkflow, StepModel } from './random-workflow.ts';
import { againWith, allAfter, isCompensable } from './second-thoughts.ts';
import { endOf, forget, hasEnded, isLostIn, type SeenStep, unseen } from './seen-step.ts';
import { checkOutput, checkWork } from './work-rules.ts';

type StepEvent = Extract<WorkflowEvent, { readonly step: string }>;

/**
 * Reads the events of one run and finds what must not be. It shares nothing with what made them but the definition: what
 * a step was given, and what has to come of it, is worked out here from the events before it.
 */
export class LogChecker {
  readonly faults: string[] = [];
  readonly #model: ModelledWorkflow;
  readonly #steps: ReadonlyMap<string, SeenStep>;
  #input: unknown;
  #version = 0;
  #lastAtMs = Number.NEGATIVE_INFINITY;
  #status: 'before' | 'running' | 'paused' | 'stopping' | 'stopped' | 'compensating' | 'ended' = 'before';
  #failing: 'failure' | 'cancelled' | undefined;
  #isFork = false;
  #result: string | undefined;
  #tasks = 0;
  /** What nested runs could not undo. */
  #attention = 0;
  readonly #errors: StepError[] = [];
  readonly #signals = new Map<string, unknown[]>();

  constructor(model: ModelledWorkflow) {
    this.#model = model;
    this.#steps = new Map(model.workflow.steps.map((step) => [step.name, unseen(step)]));
  }

  get hasEnded(): boolean {
    return this.#status === 'ended';
  }

  get #isFailing(): boolean {
    return this.#failing !== undefined;
  }

  get #all(): readonly SeenStep[] {
    return [...this.#steps.values()];
  }

  read(events: readonly WorkflowEvent[]): this {
    for (const event of events) this.take(event);
    return this;
  }

  take(event: WorkflowEvent): void {
    this.#expect(event.seq === this.#version, event, `event ${this.#version} is expected`);
    this.#expect(event.atMs >= this.#lastAtMs, event, 'time goes back');
    this.#version = event.seq + 1;
    this.#lastAtMs = event.atMs;
    this.#expect((this.#status === 'before') === (event.type === 'run-started'), event, 'a run starts once');
    if (this.#status === 'ended') {
      const isReopened = event.type === 'step-reopened' && event.cause === 'user';
      this.#expect(isReopened, event, 'the run has ended, and nobody has reopened it');
    }
    if ('spent' in event) {
      this.#tasks += event.spent?.tasks ?? 0;
      this.#errors.push(...(event.spent?.errors ?? []));
      this.#attention += event.spent?.needsAttention?.length ?? 0;
    }
    if ('step' in event) this.#takeStep(event, this.#steps.get(event.step)!);
    else this.#takeRun(event);
  }

  /** Compares what the run says of its end with its events. */
  compare(result: WorkflowResult): void {
    const say = (what: string) => this.faults.push(`result: ${what}`);
    if (result.status !== this.#result) say(`${result.status}, the events say ${this.#result}`);
    if (result.metadata.tasks !== this.#tasks)
      say(`${result.metadata.tasks} tasks, the events say ${this.#tasks}`);
    const attention = this.#attention + this.#all.filter(({ undone }) => undone === 'failed').length;
    if (result.needsAttention.length !== attention) {
      say(`${result.needsAttention.length} need attention, the events say ${attention}`);
    }
    if (result.errors.length !== Math.min(this.#errors.length, WORKFLOW_DEFAULTS.errors)) {
      say(`${result.errors.length} errors, the events say ${this.#errors.length}`);
    }
  }

  #expect(holds: boolean, event: WorkflowEvent, what: string): void {
    if (!holds)
      this.faults.push(`event ${event.seq} ${event.type} ${'step' in event ? event.step : ''}: ${what}`);
  }

  #takeRun(event: Exclude<WorkflowEvent, StepEvent>): void {
    switch (event.type) {
      case 'run-started':
        this.#input = event.input;
        this.#isFork = event.forkOf !== undefined;
        this.#status = 'running';
        return;
      case 'run-paused':
      case 'run-stopping':
        this.#status = event.type === 'run-paused' ? 'paused' : 'stopping';
        return;
      case 'run-resumed':
        this.#status = 'running';
        return;
      case 'run-stopped':
        this.#expect(this.#status === 'stopping', event, 'nobody wanted it');
        this.#status = 'stopped';
        return;
      case 'run-restarted':
        if (this.#status === 'stopping' || this.#status === 'stopped') this.#status = 'running';
        for (const step of this.#all) {
          const isLost = step.status === 'running' && isLostIn(step.definition);
          if (isLost) step.status = 'waiting';
        }
        return;
      case 'run-failing':
        this.#expect(!this.#isFailing, event, 'it is failing already');
        this.#failing = event.cause;
        return;
      case 'compensation-started':
        this.#expect(this.#isFailing && this.#all.every(hasEnded), event, 'steps have not ended');
        this.#status = 'compensating';
        return;
      case 'signal-received':
        this.#signals.set(event.signal, [...(this.#signals.get(event.signal) ?? []), event.value]);
        return;
      case 'run-ended':
        this.#end(event, this.#all);
        return;
    }
  }

  #end(event: Extract<WorkflowEvent, { type: 'run-ended' }>, all: readonly SeenStep[]): void {
    for (const step of all) {
      const { name } = step.definition;
      this.#expect(hasEnded(step), event, `step ${name} is ${step.status}`);
      const isLeft = this.#isFailing && step.undone === 'no' && isCompensable(step);
      this.#expect(!isLeft, event, `step ${name} has not been undone`);
    }
    this.#status = 'ended';
    this.#result = event.status;
    const expected = this.#isFailing ? 'failed' : endOf(all, this.#errors.length > 0);
    this.#expect(event.status === expected, event, `${event.status}, expected ${expected}`);
  }

  #takeStep(event: StepEvent, step: SeenStep): void {
    const expect = (holds: boolean, what: string) => this.#expect(holds, event, what);
    switch (event.type) {
      case 'step-started':
        this.#start(event, step);
        return;
      case 'step-succeeded':
        this.#succeed(event, step);
        return;
      case 'step-failed':
        expect(step.status === 'running' || step.status === 'parked', `it is ${step.status}`);
        this.#errors.push(event.error);
        step.status = 'failed';
        step.isInTheWay = true;
        return;
      case 'step-retried':
        expect(step.status === 'running', `it is ${step.status}`);
        expect(!this.#isFailing, 'the run is failing');
        expect(event.error.retryable, 'another try has no chance');
        expect(step.attempt < step.definition.retry.attempts, 'it had all its attempts');
        step.status = 'waiting';
        return;
      case 'step-skipped':
        expect(!hasEnded(step) || step.status === 'failed', `it is ${step.status}`);
        this.#skip(event, step);
        return;
      case 'step-cancelled':
        expect(!hasEnded(step), `it is ${step.status}`);
        step.status = 'cancelled';
        step.isInTheWay = true;
        step.cause = event.cause;
        return;
      case 'step-kept':
        expect(this.#isFork && this.#all.every(({ attempt }) => attempt === 0), 'the fork runs already');
        expect(step.status === 'waiting', `it is ${step.status}`);
        expect(this.#lacking(step) === undefined, 'what it needs is not taken over');
        step.status = 'succeeded';
        step.output = event.output;
        // The outputs of a map that was folded are not taken over.
        step.isEarly = event.output === undefined;
        return;
      case 'step-parked':
        expect(step.status === 'running', `it is ${step.status}`);
        step.status = 'parked';
        return;
      case 'step-reopened':
        expect(
          hasEnded(step) || step.status === 'parked' || event.cause === 'dependency',
          `it is ${step.status}`,
        );
        this.#reopen(event, step);
        return;
      case 'step-compensated':
      case 'step-not-compensated':
        this.#undo(event, step);
        return;
      default:
        expect(step.status === 'running', `it is ${step.status}`);
        this.#errors.push(...checkWork(event, step, this.#modelOf(step), expect));
    }
  }

  #start(event: Extract<WorkflowEvent, { type: 'step-started' }>, step: SeenStep): void {
    const expect = (holds: boolean, what: string) => this.#expect(holds, event, what);
    expect(this.#status === 'running' && !this.#isFailing, `the run is ${this.#status}, or failing`);
    expect(step.status === 'waiting', `it is ${step.status}`);
    expect(this.#modelOf(step).when !== false, 'its condition does not hold');
    const lacking = this.#lacking(step);
    expect(lacking === undefined, `step ${lacking}, which it needs, is not there`);
    expect(event.attempt === step.attempt + 1, `${step.attempt} attempts were before it`);
    const context = step.needs.map((need) => [need, this.#steps.get(need)!.output] as const);
    step.isUnsure = step.needs.some((need) => this.#steps.get(need)!.isEarly);
    step.context = Object.fromEntries([['input', this.#input], ...context]);
    step.status = 'running';
    step.attempt = event.attempt;
    step.startedAtMs = event.atMs;
    forget(step);
  }

  /** A step that it needs, and that does not let it go on. */
  #lacking({ needs }: SeenStep): string | undefined {
    return needs.find((need) => !hasEnded(this.#steps.get(need)!) || this.#steps.get(need)!.isInTheWay);
  }

  #modelOf({ definition }: SeenStep): StepModel {
    return this.#model.steps.get(definition.name)!;
  }

  #succeed(event: Extract<WorkflowEvent, { type: 'step-succeeded' }>, step: SeenStep): void {
    const expect = (holds: boolean, what: string) => this.#expect(holds, event, what);
    const { status } = step;
    expect(status === 'running' || status === 'parked', `it is ${status}`);
    step.status = 'succeeded';
    step.output = event.output;
    if (status === 'parked') return;
    const takeSignal = (signal: string) => this.#signals.get(signal)?.shift();
    checkOutput(event, step, this.#modelOf(step), takeSignal, expect);
  }

  #skip(event: Extract<WorkflowEvent, { type: 'step-skipped' }>, step: SeenStep): void {
    const expect = (holds: boolean, what: string) => this.#expect(holds, event, what);
    if (event.cause === 'failure') this.#errors.push(event.error);
    if (event.cause === 'condition') expect(this.#modelOf(step).when === false, 'its condition holds');
    if (event.cause === 'dependency') {
      const isBlocked = step.needs.some((need) => this.#steps.get(need)!.isInTheWay);
      expect(isBlocked, 'all that it needs is there');
    }
    step.status = 'skipped';
    step.hasValue = 'value' in event;
    step.cause = event.cause;
    step.isInTheWay = event.cause === 'dependency';
    step.output = 'value' in event ? event.value : { $missing: event.error };
  }

  #reopen(event: WorkflowEvent, step: SeenStep): void {
    this.#expect(!this.#isFailing || this.#status === 'ended', event, 'the run is failing');
    const again = againWith(step, this.#all, this.#failing);
    for (const { status, needs, definition } of this.#all) {
      const isOn = status === 'running' && [...again].some((one) => needs.includes(one.definition.name));
      this.#expect(!isOn, event, `step ${definition.name} runs on what it gave`);
    }
    for (const one of again) {
      one.status = 'waiting';
      one.isInTheWay = false;
      one.cause = undefined;
      one.hasValue = false;
      one.values.clear();
      this.#expect(one.undone === 'no', event, `step ${one.definition.name} was undone`);
      if (one !== step) one.attempt = 0;
    }
    const names = new Set([...again].map(({ definition }) => definition.name));
    const kept = this.#errors.filter((error) => !names.has(error.step.split('/')[0]!));
    this.#errors.splice(0, this.#errors.length, ...kept);
    this.#failing = undefined;
    if (this.#status === 'ended') this.#status = 'running';
  }

  #undo(
    event: Extract<StepEvent, { type: 'step-compensated' | 'step-not-compensated' }>,
    step: SeenStep,
  ): void {
    const expect = (holds: boolean, what: string) => this.#expect(holds, event, what);
    expect(step.undone === 'no', 'it was undone before');
    step.undone = event.type === 'step-compensated' ? 'yes' : 'failed';
    // It was under way when the process died: nobody knows whether there is something to undo.
    if (step.status === 'cancelled' && step.undone === 'failed' && !isCompensable(step)) return;
    expect(this.#status === 'compensating', `the run is ${this.#status}`);
    expect(isCompensable(step), 'there is nothing to undo');
    const left = [...allAfter(step, this.#all)].filter((one) => isCompensable(one) && one.undone === 'no');
    const names = left.map(({ definition }) => definition.name).join(', ');
    expect(left.length === 0, `${names} came after it and were not undone`);
  }
}
