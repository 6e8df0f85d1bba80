import { classOf } from '../admission/priority-class.ts';
import type { Clock } from '../contract/clock.ts';
import type { Task } from '../contract/task.ts';
import { DueItem, DueLine } from '../queue/due-line.ts';
import type { Route } from './route.ts';

/** All tasks that wait: in the queue of their route, or aside, in no queue, until their next attempt is due. */
export class Waiting {
  private readonly aside: DueLine<Task>;
  private readonly clock: Clock;
  /** How many there are. */
  count = 0;

  /** @param onDue takes a task that was set aside, which waits no longer */
  constructor(clock: Clock, onDue: (task: Task) => void) {
    this.clock = clock;
    this.aside = new DueLine(clock, (task) => {
      this.count--;
      task.place = undefined;
      onDue(task);
    });
  }

  /** How many are set aside. */
  get asideCount(): number {
    return this.aside.size;
  }

  /** The one of them that is due first. */
  get firstAside(): Task | undefined {
    return this.aside.peek();
  }

  /** At the tail of its level. */
  push(route: Route, task: Task): void {
    route.queue.push(task);
    this.joined(route, task);
  }

  /** Where it stood, or where it would stand by its age. */
  putBack(route: Route, task: Task): void {
    route.queue.putBack(task);
    this.joined(route, task);
  }

  pop(route: Route): Task {
    const task = route.queue.pop()!;
    this.left(route, task);
    return task;
  }

  setAside(task: Task, delayMs: number): void {
    const nowMs = this.clock.now();
    task.place = this.aside.add(task, nowMs + delayMs, nowMs);
    this.count++;
  }

  isAside(task: Task): boolean {
    return task.place instanceof DueItem;
  }

  /** Takes a task out, wherever it waits; does nothing if it stands nowhere. */
  remove(route: Route, task: Task): void {
    const { place } = task;
    if (place instanceof DueItem) {
      this.aside.remove(place);
      task.place = undefined;
      this.count--;
      return;
    }
    // Between two attempts, while it is decided what becomes of it.
    if (place === undefined) return;
    route.queue.remove(task);
    this.left(route, task);
  }

  private joined(route: Route, task: Task): void {
    this.count++;
    route.flow.station.join(route.flow, classOf(task.level));
  }

  private left(route: Route, task: Task): void {
    this.count--;
    route.flow.station.leave(route.flow, classOf(task.level));
  }
}
