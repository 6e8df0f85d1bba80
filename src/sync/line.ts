/** What can stand in a line. */
export interface InLine<T> {
  previous: T | undefined;
  next: T | undefined;
}

/** First in, first out, and out of the middle at no cost: a list linked through its members. */
export class Line<T extends InLine<T>> {
  first: T | undefined = undefined;
  private last: T | undefined = undefined;
  size = 0;

  push(member: T): void {
    member.previous = this.last;
    if (this.last === undefined) this.first = member;
    else this.last.next = member;
    this.last = member;
    this.size++;
  }

  /** Takes out a member, which has to stand in this line. */
  remove(member: T): void {
    const { previous, next } = member;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.last = previous;
    else next.previous = previous;
    member.previous = undefined;
    member.next = undefined;
    this.size--;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let member = this.first; member !== undefined; ) {
      // The member may leave while it is looked at.
      const { next } = member;
      yield member;
      member = next;
    }
  }
}
