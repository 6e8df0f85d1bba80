import { isMissing } from '../contract/workflow.ts';
import type { WorkflowEvent } from '../contract/workflow-events.ts';
import { likenessOf } from './doer.ts';
import { Durations } from './durations.ts';
import type { Plan } from './plan.ts';
import { RateMeter } from './rate-meter.ts';
import { hasEnded, type RunState } from './state.ts';

/** What a map has come to, also after it has ended. */
export interface MapTally {
  total: number | undefined;
  completed: number;
  failed: number;
  readonly rate: RateMeter;
}

/** What is counted and measured of a run: a fold over its events, with a constant cost for each. */
export class RunTally {
  readonly durations = new Durations();
  readonly rate = new RateMeter();
  readonly maps = new Map<number, MapTally>();
  /** When each step last started and ended, in milliseconds since the epoch; 0 for never. */
  readonly startedAtMs: Float64Array;
  readonly endedAtMs: Float64Array;
  /** Items, and steps other than maps, that have ended. */
  ended = 0;
  /** Time that steps took, added up. */
  workMs = 0;
  readonly #plan: Plan;
  readonly #state: RunState;
  readonly #isRunning: boolean[] = [];
  #running = 0;
  /** Time in which some step was running. */
  #busyMs = 0;
  #busySinceMs = 0;

  /** Of a state that events were replayed into, what it still tells is counted. */
  constructor(plan: Plan, state: RunState) {
    this.#plan = plan;
    this.#state = state;
    this.startedAtMs = new Float64Array(plan.steps.length);
    this.endedAtMs = new Float64Array(plan.steps.length);
    for (const { index, definition } of plan.steps) {
      const step = state.steps[index]!;
      if ('startedAtMs' in step) this.startedAtMs[index] = step.startedAtMs;
      if ('endedAtMs' in step) this.endedAtMs[index] = step.endedAtMs;
      if (step.status === 'running') this.#begin(index, state.lastAtMs);
      if (step.status === 'succeeded') this.#measure(index);
      if (definition.kind === 'map') this.#recount(index);
    }
  }

  take(events: readonly WorkflowEvent[]): void {
    for (const event of events) this.#take(event);
  }

  busyMs(nowMs: number): number {
    return this.#busyMs + (this.#running > 0 ? Math.max(0, nowMs - this.#busySinceMs) : 0);
  }

  #take(event: WorkflowEvent): void {
    switch (event.type) {
      case 'step-started': {
        const index = this.#plan.indexOf.get(event.step)!;
        this.startedAtMs[index] = event.atMs;
        if (this.#plan.steps[index]!.definition.kind === 'map') this.maps.set(index, newTally());
        this.#begin(index, event.atMs);
        return;
      }
      case 'step-succeeded':
      case 'step-failed':
      case 'step-skipped':
      case 'step-cancelled':
      case 'step-parked':
      case 'step-retried': {
        const index = this.#plan.indexOf.get(event.step)!;
        const ran = this.#stop(index, event.atMs);
        this.endedAtMs[index] = event.atMs;
        if (event.type === 'step-succeeded' && ran) this.#measure(index);
        const isMap = this.#plan.steps[index]!.definition.kind === 'map';
        if (!isMap && (event.type === 'step-succeeded' || event.type === 'step-failed')) {
          this.#count(event.atMs, 1);
        }
        return;
      }
      case 'items-counted':
        this.#mapOf(event.step).total = event.count;
        return;
      case 'items-ended': {
        const tally = this.#mapOf(event.step);
        const count = event.items.length + event.failures.length;
        tally.completed += event.items.length;
        tally.failed += event.failures.length;
        tally.rate.add(event.atMs, count);
        this.#count(event.atMs, count);
        return;
      }
      case 'run-restarted':
        // Some of what ran waits again.
        for (const { index } of this.#plan.steps) {
          if (this.#state.steps[index]!.status === 'running') this.#begin(index, event.atMs);
          else this.#stop(index, event.atMs);
        }
        return;
    }
  }

  #count(atMs: number, count: number): void {
    this.ended += count;
    this.rate.add(atMs, count);
  }

  #mapOf(step: string): MapTally {
    const index = this.#plan.indexOf.get(step)!;
    const known = this.maps.get(index) ?? newTally();
    this.maps.set(index, known);
    return known;
  }

  #begin(index: number, atMs: number): void {
    if (this.#isRunning[index]) return;
    this.#isRunning[index] = true;
    if (this.#running++ === 0) this.#busySinceMs = atMs;
  }

  /** @returns whether it was running */
  #stop(index: number, atMs: number): boolean {
    if (!this.#isRunning[index]) return false;
    this.#isRunning[index] = false;
    if (--this.#running === 0) this.#busyMs += Math.max(0, atMs - this.#busySinceMs);
    return true;
  }

  #measure(index: number): void {
    const ms = this.endedAtMs[index]! - this.startedAtMs[index]!;
    this.workMs += ms;
    this.durations.add(likenessOf(this.#plan.steps[index]!.definition), ms);
  }

  #recount(index: number): void {
    const step = this.#state.steps[index]!;
    if (step.status === 'running' && step.work?.kind === 'items') {
      const { count, values, failures } = step.work;
      this.maps.set(index, { ...newTally(), total: count, completed: values.size, failed: failures.size });
    } else if (hasEnded(step.status) && 'output' in step && Array.isArray(step.output)) {
      const failed = step.output.filter(isMissing).length;
      const total = step.output.length;
      this.maps.set(index, { ...newTally(), total, completed: total - failed, failed });
    }
  }
}

function newTally(): MapTally {
  return { total: undefined, completed: 0, failed: 0, rate: new RateMeter() };
}
