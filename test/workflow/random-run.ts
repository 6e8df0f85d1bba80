import type { StepError } from '../../src/contract/workflow.ts';
import type { Workflow } from '../../src/contract/workflow-definition.ts';
import type { WorkflowEvent } from '../../src/contract/workflow-events.ts';
import { workflow } from '../../src/index.ts';
import { MemoryStore } from '../../src/journal/memory-store.ts';
import { type Command, decide } from '../../src/workflow/decide.ts';
import { stateBefore } from '../../src/workflow/evolve.ts';
import { type Plan, planOf } from '../../src/workflow/plan.ts';
import { isReady } from '../../src/workflow/react.ts';
import { RunLog } from '../../src/workflow/run-log.ts';
import type { RunState } from '../../src/workflow/state.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';

const ON_FAILURE = ['fail', 'skip', 'escalate', { value: 0 }] as const;

/** A workflow of all kinds of steps; each may need any of those before it. */
export function randomWorkflow(random: SeededRandom): Workflow {
  // Its types are as random as it is.
  let builder = workflow('random', { onError: random.pick(['stop', 'continue']) }) as unknown as Loose;
  const names: string[] = [];
  const maps: string[] = [];
  const count = 1 + random.below(9);
  for (let step = 0; step < count; step++) {
    const name = `s${step}`;
    const after = names.filter(() => random.chance(0.4));
    const options: Record<string, unknown> = {
      after,
      onFailure: random.pick(ON_FAILURE),
      retry: { attempts: 1 + random.below(3) },
      ...(random.chance(0.3) && { expectedMs: 1 + random.below(200) }),
    };
    const agent = random.pick(['a', 'b']);
    const kind = random.pick(['step', 'step', 'map', 'map', 'reduce', 'loop', 'wait'] as const);
    if (kind === 'map') {
      builder = builder.map(name, {
        ...options,
        agent,
        over: () => [],
        minSuccess: random.pick([0, 0.5, 1]),
      });
      maps.push(name);
    } else if (kind === 'reduce' && maps.length > 0) {
      builder = builder.reduce(name, { ...options, agent, of: random.pick(maps) });
    } else if (kind === 'loop') {
      builder = builder.loop(name, { ...options, agent, until: () => true });
    } else if (kind === 'wait') {
      builder = builder.wait(name, {
        ...options,
        ...random.pick([{ ms: 50 }, { signal: 'go' }, { approval: 'ok?' }]),
      });
    } else {
      builder = builder.step(name, { ...options, agent });
    }
    names.push(name);
  }
  return builder.build();
}

interface Loose {
  step(name: string, options: object): Loose;
  map(name: string, options: object): Loose;
  reduce(name: string, options: object): Loose;
  loop(name: string, options: object): Loose;
  wait(name: string, options: object): Loose;
  build(): Workflow;
}

/** A run whose world is drawn by lot: what is done, when, and with which end. Only `decide` and `evolve` are real. */
export class RandomRun {
  readonly plan: Plan;
  readonly state: RunState;
  nowMs = 1_000_000;
  readonly #random: SeededRandom;
  readonly #log: RunLog;
  /** How many items each map has, and which of them have not been told of. */
  readonly #items = new Map<number, { total: number; left: number[]; counted: boolean }>();

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.plan = planOf(randomWorkflow(this.#random));
    this.state = stateBefore(this.plan);
    this.state.run = 'random-1';
    const store = new MemoryStore<WorkflowEvent>();
    this.#log = new RunLog(
      { plan: this.plan, state: this.state, store, wallNow: () => this.nowMs },
      () => {},
      (error) => {
        throw error;
      },
    );
  }

  listen(listener: (events: readonly WorkflowEvent[]) => void): void {
    this.#log.listen(listener);
  }

  begin(): void {
    const { id, hash } = this.plan.workflow;
    this.#log.commit([{ type: 'run-started', run: 'random-1', workflow: id, hash, input: undefined }]);
  }

  /** Lets something happen. @returns whether there was something */
  step(): boolean {
    if (this.state.status === 'ended') return false;
    this.nowMs += this.#random.pick([0, 1, 10, 100]);
    const command = this.#random.pick(this.#possible());
    if (command === undefined) return false;
    const bodies = decide(this.plan, this.state, command);
    if (bodies.length > 0) this.#log.commit(bodies);
    return true;
  }

  #possible(): readonly (Command | undefined)[] {
    const { status } = this.state;
    const all = this.plan.steps.flatMap(({ index }) => this.#ofStep(index));
    if (this.#random.chance(0.02)) all.push({ type: status === 'paused' ? 'resume' : 'pause' });
    if (this.#random.chance(0.01)) all.push({ type: 'stop' }, { type: 'cancel' });
    const legal = all.filter((command) => this.#isLegal(command));
    if (legal.length > 0) return legal;
    if (status === 'paused' || status === 'stopped') return [{ type: 'resume' }];
    return [undefined];
  }

  #isLegal(command: Command): boolean {
    try {
      return decide(this.plan, this.state, command).length > 0;
    } catch {
      // The state refuses it.
      return false;
    }
  }

  #ofStep(step: number): Command[] {
    const now = this.state.steps[step]!;
    const { definition } = this.plan.steps[step]!;
    if (isReady(this.state, step))
      return [
        { type: 'begin', step },
        ...(this.#random.chance(0.1) ? [{ type: 'no-condition', step } as const] : []),
      ];
    if (now.status === 'parked') return [this.#answer(step, undefined)];
    if (this.state.status === 'compensating')
      return [{ type: 'undone', step, error: undefined, spent: undefined }];
    if (now.status !== 'running') return [];
    if (this.state.failing !== undefined) {
      return [{ type: 'stopped', step, attempt: now.attempt, dependents: 'cancel', why: 'it was asked for' }];
    }
    switch (now.work?.kind) {
      case 'items':
        return this.#ofMap(step, now.work.parked.keys());
      case 'turns':
        if (this.#random.chance(0.5)) return [{ type: 'turn', step, output: 1, spent: undefined }];
        break;
      case 'timer':
        if (definition.kind === 'wait' && definition.on.kind === 'approval')
          return [{ type: 'ask', step, ask: 'ok?' }];
        if (definition.kind === 'wait' && definition.on.kind === 'signal' && this.state.signals.size === 0)
          return [{ type: 'signal', signal: definition.on.signal, value: 1 }];
        if (now.work.dueAtMs === undefined) return [{ type: 'timer', step, dueAtMs: this.nowMs + 50 }];
        break;
    }
    const error = this.#random.chance(0.2) ? errorOf(definition.name) : undefined;
    const result =
      error === undefined
        ? ({ ok: true, output: 1, spent: undefined } as const)
        : ({ ok: false, error, spent: undefined } as const);
    return [{ type: 'done', step, attempt: now.attempt, result }];
  }

  #ofMap(step: number, parked: Iterable<number>): Command[] {
    const [waits] = parked;
    let items = this.#items.get(step);
    if (items === undefined) {
      const total = this.#random.below(30);
      items = { total, left: Array.from({ length: total }, (_, item) => item), counted: false };
      this.#items.set(step, items);
    }
    if (!items.counted && (items.left.length === 0 || this.#random.chance(0.2))) {
      items.counted = true;
      return [{ type: 'counted', step, count: items.total }];
    }
    if (items.left.length === 0) return waits === undefined ? [] : [this.#answer(step, waits)];
    const ended = items.left.splice(0, 1 + this.#random.below(5));
    const { name } = this.plan.steps[step]!.definition;
    const failed = ended.filter(() => this.#random.chance(0.1));
    const worked = ended.filter((item) => !failed.includes(item));
    return [
      {
        type: 'items',
        step,
        report: {
          items: worked,
          values: worked.map(() => 1),
          failures: failed.map((item) => ({ ...errorOf(name), item })),
        },
        spent: undefined,
      },
    ];
  }

  #answer(step: number, item: number | undefined): Command {
    const answer = this.#random.chance(0.7) ? { value: 1 } : { refuse: 'no' };
    return { type: 'answer', step, item, answer };
  }
}

function errorOf(step: string): StepError {
  return { step, code: 'HANDLER_FAILED', message: 'by lot', suggestion: 'draw again', retryable: true };
}
