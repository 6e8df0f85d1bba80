import type { TaskContext } from '../../src/index.ts';

export interface Locking {
  readonly name: string;
  readonly rounds: number;
}
export function lockMutex(input: Locking, ctx: TaskContext): Promise<number>;
export function lockSemaphore(input: Locking, ctx: TaskContext): Promise<number>;
