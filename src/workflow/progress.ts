import type { StepStatus } from '../contract/workflow.ts';
import { WORKFLOW_DEFAULTS } from '../contract/workflow-definition.ts';
import type { WorkflowEvent } from '../contract/workflow-events.ts';
import type {
  ItemCounts,
  NestedStatus,
  Parked,
  StepCounts,
  StepProgress,
  WorkflowStatus,
} from '../contract/workflow-status.ts';
import { bottleneckOf } from './bottleneck.ts';
import { doerOf } from './doer.ts';
import { DoneShare } from './done-share.ts';
import { forecast } from './forecast.ts';
import type { Plan, PlanStep } from './plan.ts';
import { toCompensate } from './react.ts';
import { RunTally } from './run-tally.ts';
import type { Sender } from './sender.ts';
import { hasEnded, type RunState } from './state.ts';

/** Most that a run that has not ended shows, in percent. */
const MOST_BEFORE_END = 99.9;

interface ProgressOf {
  readonly plan: Plan;
  readonly state: RunState;
  readonly sender: Pick<Sender, 'held' | 'waitShare'>;
  wallNow(): number;
}

/** How far a run is: what is counted as events come, and the rest worked out when somebody asks. */
export class Progress {
  readonly #of: ProgressOf;
  readonly #tally: RunTally;
  readonly #share: DoneShare;
  readonly #nestedIn: (step: string) => readonly NestedStatus[];
  #hasEnded = false;

  /** @param nestedIn how far the workflows are that do the work of a step. Default: there are none */
  constructor(of: ProgressOf, nestedIn: (step: string) => readonly NestedStatus[] = () => []) {
    this.#of = of;
    this.#nestedIn = nestedIn;
    this.#tally = new RunTally(of.plan, of.state);
    this.#share = new DoneShare(of.plan.steps.length);
  }

  take(events: readonly WorkflowEvent[]): void {
    this.#tally.take(events);
  }

  status(): WorkflowStatus {
    const { plan, state, sender } = this.#of;
    const isOver = state.status === 'ended';
    const nowMs = isOver ? state.lastAtMs : Math.max(this.#of.wallNow(), state.lastAtMs);
    const { expectedMs, fractions, behindMs, criticalPath, typicalMs, completion } = forecast(
      plan,
      state,
      this.#tally,
      nowMs,
    );
    if (this.#hasEnded && !isOver) this.#share.startOver();
    this.#hasEnded = isOver;
    const undoMs = state.failing === undefined ? 0 : toCompensate(plan, state).length * typicalMs;
    const share = this.#share.update(expectedMs, fractions, undoMs);
    return {
      run: state.run,
      workflow: state.workflow,
      state: state.status,
      percent: isOver ? 100 : Math.min(MOST_BEFORE_END, 100 * share),
      elapsedMs: nowMs - state.startedAtMs,
      counts: countsOf(state),
      steps: plan.steps.map((step) => this.#step(step, nowMs)),
      parked: parkedOf(plan, state),
      perSecond: isOver ? 0 : this.#tally.rate.perSecond(nowMs, state.startedAtMs),
      completion,
      bottleneck: bottleneckOf(plan, state, sender, behindMs),
      criticalPath: criticalPath.map((index) => plan.steps[index]!.definition.name),
    };
  }

  #step({ index, definition }: PlanStep, nowMs: number): StepProgress {
    const now = this.#of.state.steps[index]!;
    const { name, kind } = definition;
    const startedAtMs = this.#tally.startedAtMs[index]!;
    const hasRun = now.attempt > 0 && startedAtMs > 0;
    const endMs = hasEnded(now.status) ? this.#tally.endedAtMs[index]! : nowMs;
    return {
      step: name,
      kind,
      status: now.status,
      who: doerOf(definition),
      attempt: now.attempt,
      ms: hasRun && now.status !== 'waiting' ? Math.max(0, endMs - startedAtMs) : undefined,
      items: hasRun ? this.#items(index) : undefined,
      turns: now.status === 'running' && now.work?.kind === 'turns' ? now.work.turns : undefined,
      reason: reasonOf(now),
      nested: this.#nestedIn(name),
    };
  }

  #items(index: number): ItemCounts | undefined {
    const tally = this.#tally.maps.get(index);
    if (tally === undefined) return undefined;
    const now = this.#of.state.steps[index]!;
    const parked = now.status === 'running' && now.work?.kind === 'items' ? now.work.parked.size : 0;
    const { total, completed, failed } = tally;
    return { total, completed, failed, parked };
  }
}

const COUNTED_AS: Readonly<Record<StepStatus, Exclude<keyof StepCounts, 'total'>>> = {
  waiting: 'pending',
  running: 'active',
  parked: 'parked',
  succeeded: 'completed',
  skipped: 'skipped',
  failed: 'failed',
  cancelled: 'cancelled',
};

function countsOf({ steps }: RunState): StepCounts {
  const counts = { pending: 0, active: 0, parked: 0, completed: 0, skipped: 0, failed: 0, cancelled: 0 };
  for (const { status } of steps) counts[COUNTED_AS[status]]++;
  return { total: steps.length, ...counts };
}

function reasonOf(now: RunState['steps'][number]): string | undefined {
  if (now.status === 'parked') return now.ask ?? now.error?.message;
  return 'error' in now ? now.error?.message : undefined;
}

function parkedOf(plan: Plan, { steps }: RunState): readonly Parked[] {
  const all: Parked[] = [];
  for (const [index, now] of steps.entries()) {
    const step = plan.steps[index]!.definition.name;
    if (now.status === 'parked') {
      const { ask, error } = now;
      all.push({ step, ...(ask !== undefined && { ask }), ...(error !== undefined && { error }) });
    } else if (now.status === 'running' && now.work?.kind === 'items') {
      for (const [item, error] of now.work.parked) {
        if (all.length >= WORKFLOW_DEFAULTS.parkedListed) break;
        all.push({ step, item, error });
      }
    }
  }
  return all.slice(0, WORKFLOW_DEFAULTS.parkedListed);
}
