import { EngineClosedError, SpillwayError } from '../../../src/contract/errors.ts';
import type { RunStatus } from '../../../src/contract/workflow.ts';
import { CONTROLS, type ControlName } from '../../../src/workflow/control.ts';
import type { SeededRandom } from '../../fixtures/seeded-random.ts';
import { SIGNALS } from './random-workflow.ts';
import type { LiveRun } from './simulated-process.ts';

interface Asked {
  readonly control: ControlName;
  readonly of: LiveRun;
  readonly step: number;
  readonly item?: number | undefined;
  readonly promise: () => Promise<unknown>;
}

/** Somebody who asks runs for anything at any time, and remembers what was refused without a reason. */
export class Chaos {
  readonly #random: SeededRandom;
  readonly faults: string[] = [];
  /** What was asked for, for a person who reads the log of a failure. */
  readonly asked: string[] = [];
  /** Runs that begin where the first one was. */
  readonly forks: string[] = [];
  #count = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Asks for something, of a run picked at random. */
  act(runs: readonly LiveRun[]): void {
    if (runs.length === 0) return;
    const random = this.#random;
    const of = random.chance(0.7) ? runs[0]! : random.pick(runs);
    const { handle, run } = of;
    const step = random.below(run.plan.steps.length);
    const name = run.plan.steps[step]!.definition.name;
    const ask = (control: ControlName, promise: () => Promise<unknown>): void =>
      this.#ask({ control, of, step, promise });
    switch (random.below(18)) {
      case 0:
      case 1:
        ask('pause', () => handle.pause());
        return;
      case 2:
      case 3:
        ask('resume', () => handle.resume());
        return;
      case 4:
        ask('stop', () => handle.stop());
        return;
      case 5:
        if (random.chance(0.3)) ask('cancel', () => handle.cancel());
        return;
      case 6:
      case 7: {
        const steps = run.plan.steps
          .filter(() => random.chance(0.15))
          .map(({ definition }) => definition.name);
        const dependents = random.pick(['cancel', 'reassign'] as const);
        ask('cancel steps', () => handle.cancel({ steps: [name, ...steps], dependents }));
        return;
      }
      case 8:
      case 9:
        ask('retry', () => handle.retry(name));
        return;
      case 10:
      case 11:
        ask('skip', () => handle.skip(name, random.chance(0.5) ? { value: this.#value() } : {}));
        return;
      case 12:
        this.#signal(of, random.pick(SIGNALS));
        return;
      case 13:
        ask('checkpoint', () => handle.checkpoint());
        return;
      case 14:
        this.#fork(runs[0]!);
        return;
      default:
        this.answer(of);
    }
  }

  /** Answers something that is parked, if there is anything. @returns whether there was */
  answer(of: LiveRun): boolean {
    const parked: { readonly step: number; readonly item: number | undefined }[] = [];
    for (const [step, now] of of.run.state.steps.entries()) {
      if (now.status === 'parked') parked.push({ step, item: undefined });
      if (now.status !== 'running' || now.work?.kind !== 'items') continue;
      for (const item of now.work.parked.keys()) parked.push({ step, item });
    }
    if (parked.length === 0) return false;
    const { step, item } = this.#random.pick(parked);
    const name = of.run.plan.steps[step]!.definition.name;
    const answer = this.#random.pick([{ value: this.#value() }, { retry: true as const }, { refuse: 'no' }]);
    this.#ask({ control: 'answer', of, step, item, promise: () => of.handle.answer(name, answer, item) });
    return true;
  }

  /** Gives a run what it waits for. @returns whether it wanted anything */
  settle(of: LiveRun): boolean {
    const { status, steps } = of.run.state;
    if (status === 'ended' || status === 'compensating') return false;
    if (status !== 'running') {
      this.#ask({ control: 'resume', of, step: 0, promise: () => of.handle.resume() });
      return true;
    }
    if (this.answer(of)) return true;
    for (const { index, definition } of of.run.plan.steps) {
      if (steps[index]!.status !== 'running' || definition.kind !== 'wait' || definition.on.kind !== 'signal')
        continue;
      // One that was sent and is not taken is a fault.
      if (of.run.state.signals.has(definition.on.signal)) continue;
      this.#signal(of, definition.on.signal);
      return true;
    }
    return false;
  }

  #fork(of: LiveRun): void {
    if (this.forks.length === 2) return;
    const step = this.#random.below(of.run.plan.steps.length);
    const from = of.run.plan.steps[step]!.definition.name;
    const id = `fork-${this.forks.length + 1}`;
    this.forks.push(id);
    this.#ask({ control: 'fork', of, step, promise: () => of.handle.fork({ from, id }) });
  }

  #signal(of: LiveRun, signal: string): void {
    const knows = of.run.plan.workflow.steps.some(
      (step) => step.kind === 'wait' && step.on.kind === 'signal' && step.on.signal === signal,
    );
    if (!knows) return;
    this.#ask({ control: 'signal', of, step: 0, promise: () => of.handle.signal(signal, this.#value()) });
  }

  #value(): number {
    return 1_000_000 + ++this.#count;
  }

  #ask({ control, of, step, item, promise }: Asked): void {
    const { state, plan } = of.run;
    const { name } = plan.steps[step]!.definition;
    this.asked.push(
      `${state.lastAtMs} event ${state.version} ${state.run}: ${control} ${name} ${item ?? ''}`,
    );
    const refused = (error: unknown): void => {
      if (error instanceof EngineClosedError) return;
      const isState = error instanceof SpillwayError && error.code === 'WORKFLOW_STATE';
      if (isState && mayRefuse(control, error, of, step)) return;
      this.faults.push(`${control} of ${state.run} ${name} refused: ${error}`);
    };
    promise().catch(refused);
  }
}

const RUN_STATE = /^run ".*" is (running|paused|stopping|stopped|compensating|ended): /;

/** Whether a control may be refused for that reason. */
function mayRefuse(
  control: ControlName,
  { message }: SpillwayError,
  { run }: LiveRun,
  step: number,
): boolean {
  const status = RUN_STATE.exec(message)?.[1] as RunStatus | undefined;
  if (status !== undefined) return CONTROLS[control][status] === 'no';
  switch (control) {
    case 'retry': {
      const { needs } = run.plan.steps[step]!;
      if (message.includes('has succeeded; fork')) return true;
      if (message.includes('has undone steps')) return run.state.compensated.size > 0;
      if (message.includes('which has not succeeded')) return needs.length > 0;
      return message.includes('runs on what') || message.includes('it has ended');
    }
    case 'skip':
      return message.includes('nothing to skip') || message.includes('it has ended');
    case 'answer':
      return message.includes('nothing to answer');
    default:
      return false;
  }
}
