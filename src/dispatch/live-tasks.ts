import type { Task } from '../contract/task.ts';

/** Tasks of a page; a power of two. A task that outlives all others of its page keeps this many places, 4 KB. */
const PAGE_TASKS = 512;
/** Pages that are found without a look into the map; a power of two. */
const RECENT_PAGES = 64;

/** Tasks whose numbers follow each other. */
class Page {
  readonly number: number;
  /** The number of the task in the first place. */
  readonly first: number;
  readonly tasks: (Task | undefined)[] = new Array(PAGE_TASKS).fill(undefined);
  live = 0;

  constructor(number: number) {
    this.number = number;
    this.first = number * PAGE_TASKS;
  }
}

/**
 * All tasks that were let in and have not ended, by their numbers.
 *
 * ```
 *  seq = page number * 512 + place        pages: number → │ t512 │ ─ │ t514 │ … │     dropped when nothing lives there
 * ```
 *
 * Numbers are given in order, so a task costs a store into an array when it comes and one when it goes, about 10 ns,
 * and a place of 8 bytes while it lives. A map by number would cost ten times as much.
 */
export class LiveTasks {
  private readonly pages = new Map<number, Page>();
  /** The pages used last, by the end of their number. */
  private readonly recent: (Page | undefined)[] = new Array(RECENT_PAGES).fill(undefined);
  /** Where the next task goes, most likely; kept even if nothing lives there. */
  private newest: Page;
  size = 0;

  constructor() {
    this.newest = this.open(0);
  }

  /** Meant to be called in the order of the tasks' numbers; any other order only costs more. */
  add(task: Task): void {
    const { seq } = task;
    let page = this.newest;
    const place = seq - page.first;
    if (place < 0 || place >= PAGE_TASKS) page = this.pageFor(Math.floor(seq / PAGE_TASKS));
    page.tasks[seq & (PAGE_TASKS - 1)] = task;
    page.live++;
    this.size++;
  }

  /** The task has ended. Does nothing for one that was never added. */
  remove(task: Task): void {
    const { seq } = task;
    const page = this.pageOf(Math.floor(seq / PAGE_TASKS));
    const place = seq & (PAGE_TASKS - 1);
    if (page === undefined || page.tasks[place] !== task) return;
    page.tasks[place] = undefined;
    page.live--;
    this.size--;
    if (page.live === 0 && page !== this.newest) this.drop(page);
  }

  get(seq: number): Task | undefined {
    return this.pageOf(Math.floor(seq / PAGE_TASKS))?.tasks[seq & (PAGE_TASKS - 1)];
  }

  /** Those that the test is true for, in the order in which they were submitted. It must not end or add any. */
  select(test: (task: Task) => boolean): Task[] {
    const found: Task[] = [];
    for (const { tasks } of this.pages.values()) {
      for (let place = 0; place < PAGE_TASKS; place++) {
        const task = tasks[place];
        if (task !== undefined && test(task)) found.push(task);
      }
    }
    return found;
  }

  /** In the order in which they were submitted. What ends meanwhile is left out; what is added may be. */
  *[Symbol.iterator](): IterableIterator<Task> {
    for (const page of [...this.pages.values()]) {
      for (const task of page.tasks) if (task !== undefined) yield task;
    }
  }

  private pageOf(number: number): Page | undefined {
    const at = number & (RECENT_PAGES - 1);
    const recent = this.recent[at];
    if (recent !== undefined && recent.number === number) return recent;
    const page = this.pages.get(number);
    if (page !== undefined) this.recent[at] = page;
    return page;
  }

  private pageFor(number: number): Page {
    const page = this.pageOf(number) ?? this.open(number);
    if (number > this.newest.number) {
      const before = this.newest;
      this.newest = page;
      if (before.live === 0) this.drop(before);
    }
    return page;
  }

  private open(number: number): Page {
    const page = new Page(number);
    this.pages.set(number, page);
    this.recent[number & (RECENT_PAGES - 1)] = page;
    return page;
  }

  private drop(page: Page): void {
    this.pages.delete(page.number);
    const at = page.number & (RECENT_PAGES - 1);
    if (this.recent[at] === page) this.recent[at] = undefined;
  }
}
