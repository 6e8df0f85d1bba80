import { type Trial, tasksPerSecond } from './harness.ts';
import { digestOf } from './results.ts';

/** A trial of how many tasks a second come back; `pass` runs some and gives their results. */
export function throughput(
  pass: () => Promise<readonly unknown[]>,
  { warmUpMs, minMs }: { readonly warmUpMs: number; readonly minMs: number },
): Pick<Trial, 'measure'> & { warmUp(): Promise<void> } {
  return {
    warmUp: async () => void (await tasksPerSecond(warmUpMs, async () => (await pass()).length)),
    async measure() {
      let results: readonly unknown[] = [];
      const value = await tasksPerSecond(minMs, async () => {
        results = await pass();
        return results.length;
      });
      return { value, hash: digestOf(results) };
    },
  };
}

/**
 * Runs `tasks` tasks with `outstanding` of them always under way, and resolves with their results in task order. As
 * many callers as there may be tasks outstanding each await one task after the other, as users would write it.
 */
export async function closedLoop(
  tasks: number,
  outstanding: number,
  run: (index: number) => Promise<unknown>,
): Promise<unknown[]> {
  const results = new Array<unknown>(tasks);
  let next = 0;
  async function caller(): Promise<void> {
    while (next < tasks) {
      const index = next++;
      results[index] = await run(index);
    }
  }
  await Promise.all(Array.from({ length: Math.min(tasks, outstanding) }, caller));
  return results;
}
