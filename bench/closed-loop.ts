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
