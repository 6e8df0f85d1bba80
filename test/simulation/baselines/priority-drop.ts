import { classOf } from '../../../src/admission/priority-class.ts';

const CLASSES = 3;
/** Arrivals that the shares of the classes are taken from. */
const MEMORY = 1_000;

/**
 * Sheds a share of all arrivals, the lowest classes first. Within the class at the border every n-th is let in, so that
 * it takes no randomness.
 */
export class PriorityDrop {
  /** Share of the arrivals to shed, 0 to 1. */
  share = 0;
  private readonly arrivals: number[] = new Array(CLASSES).fill(0);
  private readonly owed: number[] = new Array(CLASSES).fill(0);

  /** Whether this arrival is let in. */
  admits(level: number): boolean {
    const cls = classOf(level);
    for (let q = 0; q < CLASSES; q++) this.arrivals[q]! *= 1 - 1 / MEMORY;
    this.arrivals[cls]!++;
    this.owed[cls]! += this.shareOf(cls);
    if (this.owed[cls]! < 1) return true;
    this.owed[cls]!--;
    return false;
  }

  /** Share of a class that is shed. */
  shareOf(cls: number): number {
    let total = 0;
    let lower = 0;
    for (let q = 0; q < CLASSES; q++) {
      total += this.arrivals[q]!;
      if (q > cls) lower += this.arrivals[q]!;
    }
    const own = this.arrivals[cls]!;
    if (own === 0) return this.share * total > lower ? 1 : 0;
    return Math.max(0, Math.min(1, (this.share * total - lower) / own));
  }
}
