import type { Clock } from '../contract/clock.ts';

/** Something that is due unless it is removed before. */
export class Deadline<T> {
  readonly subject: T;
  readonly atMs: number;
  private readonly owner: Deadlines<T>;
  /** The list that it stands in; `undefined` once it was removed or fell due. */
  list: DeadlineList<T> | undefined;
  previous: Deadline<T> | undefined;
  next: Deadline<T> | undefined = undefined;

  constructor(owner: Deadlines<T>, list: DeadlineList<T>, subject: T, atMs: number) {
    this.owner = owner;
    this.list = list;
    this.previous = list.tail;
    this.subject = subject;
    this.atMs = atMs;
  }

  cancel(): void {
    this.owner.remove(this);
  }
}

/** Deadlines of one duration: they fall due in the order in which they were added, so a list needs no sorting. */
interface DeadlineList<T> {
  readonly durationMs: number;
  head: Deadline<T> | undefined;
  tail: Deadline<T> | undefined;
}

/** Timers may fire this much early, in milliseconds; what is due within it counts as due. */
const SLACK_MS = 1;

/**
 * Timeouts for thousands of attempts with one timer: a list for each distinct duration, and a timer for the earliest
 * head. Adding and removing are O(1); firing costs O(distinct durations).
 */
export class Deadlines<T> {
  private readonly clock: Clock;
  private readonly onDue: (subject: T) => void;
  private readonly lists = new Map<number, DeadlineList<T>>();
  /** The one that was added to last: mostly it is the same again. */
  private latest: DeadlineList<T> | undefined = undefined;
  private timerAtMs = Number.POSITIVE_INFINITY;
  private cancelTimer: (() => void) | undefined = undefined;
  size = 0;

  constructor(clock: Clock, onDue: (subject: T) => void) {
    this.clock = clock;
    this.onDue = onDue;
  }

  add(subject: T, durationMs: number, nowMs: number): Deadline<T> {
    const list = this.latest?.durationMs === durationMs ? this.latest : this.listOf(durationMs);
    const { tail } = list;
    const deadline = new Deadline(this, list, subject, nowMs + durationMs);
    list.tail = deadline;
    if (tail === undefined) list.head = deadline;
    else tail.next = deadline;
    this.size++;
    if (deadline.atMs < this.timerAtMs) this.arm(deadline.atMs, nowMs);
    return deadline;
  }

  /** Takes a deadline back; does nothing if it fell due before. */
  remove(deadline: Deadline<T>): void {
    const { list, previous, next } = deadline;
    if (list === undefined) return;
    deadline.list = undefined;
    if (previous === undefined) list.head = next;
    else previous.next = next;
    if (next === undefined) list.tail = previous;
    else next.previous = previous;
    // Whoever still holds it holds none of the others.
    deadline.previous = undefined;
    deadline.next = undefined;
    this.size--;
    if (list.head === undefined) {
      this.lists.delete(list.durationMs);
      if (this.latest === list) this.latest = undefined;
    }
    if (this.size === 0) this.disarm();
  }

  private listOf(durationMs: number): DeadlineList<T> {
    let list = this.lists.get(durationMs);
    if (list === undefined) {
      list = { durationMs, head: undefined, tail: undefined };
      this.lists.set(durationMs, list);
    }
    this.latest = list;
    return list;
  }

  private arm(atMs: number, nowMs: number): void {
    this.disarm();
    this.timerAtMs = atMs;
    this.cancelTimer = this.clock.schedule(Math.max(0, atMs - nowMs), () => this.fire());
  }

  private disarm(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    this.timerAtMs = Number.POSITIVE_INFINITY;
  }

  private fire(): void {
    this.disarm();
    const nowMs = this.clock.now();
    const due: Deadline<T>[] = [];
    for (const list of this.lists.values()) {
      for (let item = list.head; item !== undefined && item.atMs <= nowMs + SLACK_MS; item = item.next) {
        due.push(item);
      }
    }
    for (const item of due) this.remove(item);
    for (const item of due) this.onDue(item.subject);
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const list of this.lists.values()) earliestMs = Math.min(earliestMs, list.head!.atMs);
    if (earliestMs < this.timerAtMs) this.arm(earliestMs, nowMs);
  }
}
