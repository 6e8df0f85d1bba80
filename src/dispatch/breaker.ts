import type { BreakerRules, BreakerState, BreakerStats } from '../contract/breaker.ts';
import { CallWindow } from './call-window.ts';
import { SlowBound } from './slow-bound.ts';

interface Closed {
  readonly kind: 'closed';
  readonly sinceMs: number;
  readonly calls: CallWindow;
  /** Since when too many calls have been slow; `undefined` if they are not. */
  slowSinceMs: number | undefined;
}

/** Slowness has to last for this share of the window: when the process itself stands still, all its calls are slow at once. */
const SLOW_FOR = 0.1;

interface Open {
  readonly kind: 'open';
  /** How often it has opened without closing. */
  readonly openings: number;
  readonly untilMs: number;
}

interface HalfOpen {
  readonly kind: 'half-open';
  readonly openings: number;
  /** Who tries: tasks of callers, or inputs made for it. */
  readonly by: 'tasks' | 'probe';
  /** Calls under way that were let through to try. */
  readonly probes: Set<object>;
  succeeded: number;
}

/** What has become of a breaker. */
export interface BreakerChange {
  readonly from: BreakerState;
  readonly to: BreakerState;
  readonly why: string;
}

/** Whom a breaker tells. */
export interface BreakerEvents<M> {
  changed(breaker: Breaker<M>, change: BreakerChange): void;
  /** A probe has ended, and another may start. */
  roomMade(breaker: Breaker<M>): void;
}

const MOVES: Readonly<Record<BreakerState, readonly BreakerState[]>> = {
  closed: ['open'],
  open: ['half-open'],
  'half-open': ['open', 'closed'],
};

/**
 * Keeps calls from what fails.
 *
 * ```
 *          errors, or slow calls            openMs * 2^n
 *  closed ──────────────────────► open ────────────────────► half-open: a few calls get through
 *    ▲                             ▲                             │  │
 *    │                             └── one fails, or is slow ────┘  │
 *    └───────────── `closeAfter` in a row succeed ──────────────────┘
 * ```
 *
 * Calls are told apart by identity: only those let through while it is half-open decide what comes next, and those
 * that started before it closed say nothing about what is now. `M` is who shares it.
 */
export class Breaker<M = unknown> {
  readonly rules: BreakerRules;
  /** Name of the upstream that it guards; `undefined` if it guards one agent. */
  readonly upstream: string | undefined;
  readonly members = new Set<M>();
  private readonly events: BreakerEvents<M>;
  private readonly slow: SlowBound;
  private state: Closed | Open | HalfOpen;

  constructor(rules: BreakerRules, upstream: string | undefined, events: BreakerEvents<M>, nowMs: number) {
    this.rules = rules;
    this.upstream = upstream;
    this.events = events;
    this.slow = new SlowBound(rules.slowMs);
    // What had started before there was a breaker is no concern of it, but nothing had.
    this.state = this.closedSince(Number.NEGATIVE_INFINITY, nowMs);
  }

  get kind(): BreakerState {
    return this.state.kind;
  }

  /** Whether callers' tasks get through, now or as soon as there is room. */
  get takesTasks(): boolean {
    const { state } = this;
    return state.kind === 'closed' || (state.kind === 'half-open' && state.by === 'tasks');
  }

  /** Whether a caller's task gets through now. */
  get hasRoom(): boolean {
    const { state } = this;
    if (state.kind === 'closed') return true;
    return state.kind === 'half-open' && state.by === 'tasks' && state.probes.size < this.rules.probes;
  }

  /** How often it has opened without closing. */
  get openings(): number {
    return this.state.kind === 'closed' ? 0 : this.state.openings;
  }

  /** Whether its agents are to be called failed. */
  get hasFailed(): boolean {
    return this.openings >= this.rules.failAfter;
  }

  /** When tasks may get through again, in milliseconds from `nowMs`; 0 if they do. */
  retryAfterMs(nowMs: number): number {
    const { state } = this;
    if (state.kind === 'open') return Math.max(1, state.untilMs - nowMs);
    return this.takesTasks ? 0 : this.rules.openMs;
  }

  /** A call starts. */
  started(call: object): void {
    if (this.state.kind === 'half-open') this.state.probes.add(call);
  }

  /** A call gave a result. Times in milliseconds. */
  succeeded(call: object, startedAtMs: number, endedAtMs: number): void {
    const { state } = this;
    if (state.kind === 'closed') {
      if (startedAtMs < state.sinceMs) return;
      state.calls.add(false, this.slow.add(endedAtMs - startedAtMs), endedAtMs);
      this.judge(state, endedAtMs);
    } else if (state.kind === 'half-open' && state.probes.delete(call)) {
      this.answer(state, endedAtMs - startedAtMs, endedAtMs);
    }
  }

  /** A call failed, and it was not its caller's fault. */
  failed(call: object, startedAtMs: number, endedAtMs: number, why: string): void {
    const { state } = this;
    if (state.kind === 'closed') {
      if (startedAtMs < state.sinceMs) return;
      state.calls.add(true, false, endedAtMs);
      this.judge(state, endedAtMs);
    } else if (state.kind === 'half-open' && state.probes.delete(call)) {
      this.open(state.openings + 1, `a probe failed: ${why}`, endedAtMs);
    }
  }

  /** A call ended in a way that says nothing: it was cancelled, given back, or its caller was wrong. */
  ignored(call: object): void {
    const { state } = this;
    if (state.kind === 'half-open' && state.probes.delete(call)) this.events.roomMade(this);
  }

  /** It has been open for long enough. */
  halfOpen(by: HalfOpen['by']): void {
    const { openings } = this;
    const who = by === 'probe' ? 'the agent is probed' : 'a few tasks get through';
    this.move({ kind: 'half-open', openings, by, probes: new Set(), succeeded: 0 }, who);
  }

  stats(nowMs: number): BreakerStats {
    const { state, slow, openings } = this;
    const calls = state.kind === 'closed' ? state.calls : undefined;
    calls?.moveOn(nowMs);
    return {
      state: state.kind,
      calls: calls?.calls ?? 0,
      failed: calls?.failed ?? 0,
      slow: calls?.slow ?? 0,
      slowMs: slow.boundMs,
      openings,
      retryAfterMs: state.kind === 'open' ? this.retryAfterMs(nowMs) : 0,
    };
  }

  /** Opens it if too many of the last calls failed, or were slow. */
  private judge(state: Closed, nowMs: number): void {
    const { calls: all, failed, slow } = state.calls;
    if ((failed === 0 && slow === 0) || all < this.rules.minCalls) return;
    const { errorShare, slowShare, windowMs } = this.rules;
    if (failed >= errorShare * all) this.open(1, `${failed} of the last ${all} calls failed`, nowMs);
    else if (slow < slowShare * all) state.slowSinceMs = undefined;
    else if (state.slowSinceMs === undefined) state.slowSinceMs = nowMs;
    else if (nowMs - state.slowSinceMs >= SLOW_FOR * windowMs) {
      const bound = Math.round(this.slow.boundMs);
      this.open(1, `${slow} of the last ${all} calls took longer than ${bound} ms`, nowMs);
    }
  }

  /** A probe gave a result. */
  private answer(state: HalfOpen, serviceMs: number, nowMs: number): void {
    if (this.slow.add(serviceMs)) {
      const bound = Math.round(this.slow.boundMs);
      // What has been slow for so long is how it is now: the bound is learned anew.
      if (!this.slow.isLearned || !this.hasFailed) {
        this.open(state.openings + 1, `a probe took longer than ${bound} ms`, nowMs);
        return;
      }
      this.slow.forget();
    }
    state.succeeded++;
    if (state.succeeded < this.rules.closeAfter) this.events.roomMade(this);
    else {
      this.move(this.closedSince(nowMs, nowMs), `${state.succeeded} probes succeeded`);
    }
  }

  private open(openings: number, why: string, nowMs: number): void {
    const { openMs, maxOpenMs } = this.rules;
    const lastsMs = Math.min(maxOpenMs, openMs * 2 ** Math.min(openings - 1, 30));
    this.move({ kind: 'open', openings, untilMs: nowMs + lastsMs }, why);
  }

  /** @throws Error on a move that the state machine does not have: a broken invariant. */
  private move(next: Closed | Open | HalfOpen, why: string): void {
    const from = this.state.kind;
    if (!MOVES[from].includes(next.kind))
      throw new Error(`breaker: illegal move from ${from} to ${next.kind}`);
    this.state = next;
    this.events.changed(this, { from, to: next.kind, why });
  }

  private closedSince(sinceMs: number, nowMs: number): Closed {
    const calls = new CallWindow(this.rules.windowMs, nowMs);
    return { kind: 'closed', sinceMs, calls, slowSinceMs: undefined };
  }
}
