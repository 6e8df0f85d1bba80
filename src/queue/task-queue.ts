import type { Task } from '../contract/task.ts';
import { type HeapItem, IndexedHeap } from './indexed-heap.ts';

/** The waiting tasks of one priority level, oldest first. */
class Level implements HeapItem {
  readonly level: number;
  head: Task | undefined = undefined;
  tail: Task | undefined = undefined;
  key = 0;
  tie = 0;
  heapIndex = -1;
  constructor(level: number) {
    this.level = level;
  }
}

/** Empty levels kept for reuse; beyond it they are dropped, so that arbitrary priorities stay bounded. */
const SPARE_LEVELS = 64;
/** Tasks that one that is put back may pass on the way to its place. Beyond them nobody minds. */
const LONGEST_WALK = 64;
/** A power of two. */
const RECENT_LEVELS = 16;

/**
 * Waiting tasks: priority first, first in first out within one, and ageing.
 *
 * Waiting `ageMs` is worth one level, so at time t a task ranks `level + (t - enqueuedAt) / ageMs`. Which of two
 * tasks ranks higher does not depend on t. Hence a static key, `enqueuedAt - level * ageMs`, smallest first, orders
 * all tasks for good: nothing is ever re-ranked because time passes.
 *
 * ```
 *  heap of levels by the key of their head        each level a list, oldest first
 *        ┌ level 10 ┐──► t7 ⇄ t9 ⇄ t12
 *        ├ level 0  ┤──► t1 ⇄ t2 ⇄ t3 ⇄ t4 ⇄ ...
 *        └ level -10┘──► t5
 * ```
 *
 * Adding and taking cost O(log levels); removing from the middle of a list is O(1). With one level, all is O(1).
 */
export class TaskQueue {
  private readonly ageMs: number;
  private readonly levels = new Map<number, Level>();
  private readonly heap = new IndexedHeap<Level>();
  /** The levels used last, by the end of their number: most tasks are of a few levels that take turns. */
  private readonly recent: (Level | undefined)[] = new Array(RECENT_LEVELS).fill(undefined);
  private turns = 0;
  size = 0;

  constructor(ageMs: number) {
    this.ageMs = ageMs;
  }

  /** The task that goes next. */
  peek(): Task | undefined {
    return this.heap.peek()?.head;
  }

  /** The key of the task that goes next, in milliseconds; smaller goes first. `Infinity` if there is none. */
  get headKeyMs(): number {
    return this.heap.peek()?.key ?? Number.POSITIVE_INFINITY;
  }

  /** Adds a task behind all others of its level. */
  push(task: Task): void {
    task.turn = ++this.turns;
    this.append(this.levelOf(task.level), task);
  }

  private append(level: Level, task: Task): void {
    const { tail } = level;
    task.place = level;
    task.previous = tail;
    level.tail = task;
    this.size++;
    if (tail === undefined) {
      level.head = task;
      this.headChanged(level);
    } else {
      tail.next = task;
    }
  }

  /** Puts a task that was taken back where it stood, or nearly there: before all of its level that came later. */
  putBack(task: Task): void {
    const level = this.levelOf(task.level);
    let later = level.head;
    // Only others that were put back can be older, so this walk is short; unless there is a storm of retries.
    for (let i = 0; i < LONGEST_WALK && later !== undefined && later.turn < task.turn; i++)
      later = later.next;
    if (later === undefined) {
      this.append(level, task);
      return;
    }
    const { previous } = later;
    task.place = level;
    task.next = later;
    task.previous = previous;
    later.previous = task;
    this.size++;
    if (previous === undefined) {
      level.head = task;
      this.headChanged(level);
    } else {
      previous.next = task;
    }
  }

  /** Takes the task that goes next. */
  pop(): Task | undefined {
    const task = this.heap.peek()?.head;
    if (task !== undefined) this.remove(task);
    return task;
  }

  /** Takes a waiting task out, wherever it stands. */
  remove(task: Task): void {
    const level = task.place as Level;
    const { previous, next } = task;
    if (next === undefined) level.tail = previous;
    else next.previous = previous;
    if (previous === undefined) {
      level.head = next;
      this.headChanged(level);
    } else {
      previous.next = next;
    }
    task.previous = undefined;
    task.next = undefined;
    task.place = undefined;
    this.size--;
  }

  private levelOf(number: number): Level {
    const at = number & (RECENT_LEVELS - 1);
    const recent = this.recent[at];
    if (recent !== undefined && recent.level === number) return recent;
    let level = this.levels.get(number);
    if (level === undefined) {
      level = new Level(number);
      this.levels.set(number, level);
    }
    this.recent[at] = level;
    return level;
  }

  private headChanged(level: Level): void {
    const { head } = level;
    if (head === undefined) {
      this.heap.remove(level);
      if (this.levels.size > SPARE_LEVELS) {
        this.levels.delete(level.level);
        const at = level.level & (RECENT_LEVELS - 1);
        if (this.recent[at] === level) this.recent[at] = undefined;
      }
      return;
    }
    level.key = head.enqueuedAtMs - level.level * this.ageMs;
    level.tie = head.turn;
    if (level.heapIndex < 0) this.heap.push(level);
    else this.heap.update(level);
  }
}
