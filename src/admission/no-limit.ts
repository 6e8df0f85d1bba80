import type { Limit } from '../contract/limit.ts';

/** Lets everybody in; only the queue's bound remains. */
export class NoLimit implements Limit {
  private readonly capacity: number;
  private inside = 0;

  constructor(options: { readonly capacity: number }) {
    this.capacity = options.capacity;
  }

  acquire(_level: number): undefined {
    this.inside++;
  }

  release(): void {
    this.inside--;
  }

  hasRoom(_level: number): boolean {
    return true;
  }

  load(): number {
    return this.inside / this.capacity;
  }
}
