/**
 * Permits that came back, held against the tasks that ended. The engine tells its limit no names, only how long the
 * task waited and ran: the times that the task's outcome has as well.
 */
export class Permits {
  private readonly open = new Map<string, number[]>();
  private readonly surplus = new Map<string, number>();
  private timeless = 0;

  back(waitMs: number, serviceMs: number): void {
    const key = `${waitMs} ${serviceMs}`;
    if (this.takeOwed(key) === undefined) this.surplus.set(key, (this.surplus.get(key) ?? 0) + 1);
  }

  owed(task: number, waitMs: number, serviceMs: number): void {
    const key = `${waitMs} ${serviceMs}`;
    const before = this.surplus.get(key);
    if (before === undefined) this.open.set(key, [...(this.open.get(key) ?? []), task]);
    else if (before === 1) this.surplus.delete(key);
    else this.surplus.set(key, before - 1);
  }

  /** Of a task that succeeded after it had failed: the limit is told of its last wait alone. */
  owedAtAnyTime(): void {
    this.timeless++;
  }

  *verdict(): Iterable<string> {
    for (const tasks of this.open.values()) {
      for (const task of tasks) yield `task ${task} ended, and its permit never came back`;
    }
    let surplus = 0;
    for (const count of this.surplus.values()) surplus += count;
    if (surplus === this.timeless) return;
    if (this.timeless > 0) {
      yield `${surplus} permits came back for the ${this.timeless} tasks that succeeded after they had failed`;
      return;
    }
    for (const [times, count] of this.surplus) {
      yield `${count} permits came back for a task that waited and ran ${times.replace(' ', ' and ')} ms, and no task has these times`;
    }
  }

  private takeOwed(key: string): number | undefined {
    const tasks = this.open.get(key);
    const task = tasks?.shift();
    if (tasks?.length === 0) this.open.delete(key);
    return task;
  }
}
