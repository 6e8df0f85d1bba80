import type { Completion } from '../contract/end-listener.ts';
import type { Outcome } from '../contract/outcome.ts';
import { IndexedHeap } from '../queue/indexed-heap.ts';
import type { Sending, SendTarget } from './sending.ts';

/** Work that is to wait in the engine at most, as service times were measured, in milliseconds. */
const AHEAD_MS = 4;
/** Tasks that may wait in the engine at least, and at most; and while nothing is known of how long they take. */
const LEAST_AHEAD = 2;
const MOST_AHEAD = 10_000;
const FIRST_AHEAD = 64;
/** One outcome in so many is looked at, once some have been. */
const SAMPLE_EVERY = 16;

/**
 * The tasks of one target that are not submitted yet, the most urgent first, and how many of those that are have not
 * begun. Only a few may wait in the engine: there they keep the order in which they came, and what is urgent would be
 * behind all of them.
 */
export class SendLine {
  readonly target: SendTarget;
  readonly waiting = new IndexedHeap<Sending>();
  /** Of the engine's sheds; while it runs nothing is submitted. */
  stopTimer: (() => void) | undefined = undefined;
  /** The engine has shed one, and has not said for how long. */
  isShed = false;
  /** A look at it is due. */
  isDue = false;
  /** Which share of their time, 0 to 1, tasks waited in the engine lately. */
  #waitShare = 0;
  /** Submitted, in this order; those before `#head` are known to have begun. */
  #ahead: Sending[] = [];
  #head = 0;
  #pending = 0;
  #most = FIRST_AHEAD;
  /** All that was submitted began at once: more may be submitted in a turn. */
  #boost = 1;
  #noted = 0;
  /** How long tasks take once they have begun, in milliseconds: the mean of those that completed lately. */
  serviceMs: number | undefined = undefined;

  /** Told of the end of each. */
  readonly #onEnd: (sending: Sending, line: SendLine, end: Completion | Outcome) => void;

  constructor(
    target: SendTarget,
    onEnd: (sending: Sending, line: SendLine, end: Completion | Outcome) => void,
  ) {
    this.target = target;
    this.#onEnd = onEnd;
  }

  ended(sending: Sending, end: Completion | Outcome): void {
    this.#onEnd(sending, this, end);
  }

  get name(): string {
    return typeof this.target === 'string' ? this.target : this.target.capability;
  }

  /** 1 while some wait because the engine has enough. */
  get waitShare(): number {
    return this.waiting.size > 0 ? 1 : this.#waitShare;
  }

  /** Whether the next may be submitted. */
  get isOpen(): boolean {
    return !this.isShed && (this.#pending < this.#most || this.#underWay() < this.#most * this.#boost);
  }

  submitted(sending: Sending): void {
    sending.isAhead = true;
    this.#pending++;
    if (this.#ahead.push(sending) > 2 * this.#pending + FIRST_AHEAD) this.#forget();
  }

  /** It has ended, or was shed. */
  left(sending: Sending): void {
    if (!sending.isAhead) return;
    sending.isAhead = false;
    if (--this.#pending === 0) this.#forget();
  }

  /** To be called a turn after some were submitted. */
  turned(): void {
    const haveBegun = this.waiting.size > 0 && this.#underWay() === 0;
    this.#boost = haveBegun ? Math.min(2 * this.#boost, MOST_AHEAD) : 1;
  }

  note(outcome: Completion | Outcome): void {
    if (outcome.status !== 'completed') return;
    if (this.#noted++ > SAMPLE_EVERY && this.#noted % SAMPLE_EVERY !== 0) return;
    const { waitMs, serviceMs, totalMs } = outcome.timing;
    if (totalMs > 0) this.#waitShare += 0.1 * (waitMs / totalMs - this.#waitShare);
    const before = this.serviceMs ?? serviceMs;
    this.serviceMs = before + (serviceMs - before) / Math.min(this.#noted, SAMPLE_EVERY);
    this.#most = Math.max(LEAST_AHEAD, Math.min(AHEAD_MS / this.serviceMs, MOST_AHEAD));
  }

  /** How many have not begun. Those of one priority begin in their order, so only the first have to be looked at. */
  #underWay(): number {
    while (this.#head < this.#ahead.length) {
      const first = this.#ahead[this.#head]!;
      if (first.isAhead && first.handle!.state === 'pending') break;
      this.#head++;
      this.left(first);
    }
    return this.#pending;
  }

  /** Those that have ended must not be kept. */
  #forget(): void {
    if (this.#ahead.length > 0) this.#ahead = this.#ahead.filter(({ isAhead }) => isAhead);
    this.#head = 0;
  }
}
