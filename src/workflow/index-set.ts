/** Whole numbers from 0 on, of which nearly all below some number are there: a map's items that have ended. */
export class IndexSet {
  /** All below are there. */
  below = 0;
  /** Those above that are there. */
  readonly above = new Set<number>();

  get size(): number {
    return this.below + this.above.size;
  }

  has(index: number): boolean {
    return index < this.below || this.above.has(index);
  }

  add(index: number): void {
    if (index !== this.below) {
      if (index > this.below) this.above.add(index);
      return;
    }
    this.below++;
    while (this.above.size > 0 && this.above.delete(this.below)) this.below++;
  }

  delete(index: number): void {
    if (index >= this.below) {
      this.above.delete(index);
      return;
    }
    for (let at = index + 1; at < this.below; at++) this.above.add(at);
    this.below = index;
  }
}
