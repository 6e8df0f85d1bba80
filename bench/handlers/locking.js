/** Acquires and releases a mutex again and again; gives how long that took, in milliseconds. */
export async function lockMutex({ name, rounds }, ctx) {
  return repeat(ctx.sync.mutex(name), rounds);
}

/** The same for a semaphore of one permit. */
export async function lockSemaphore({ name, rounds }, ctx) {
  return repeat(ctx.sync.semaphore(name, 1), rounds);
}

async function repeat(lockable, rounds) {
  const startedAtMs = performance.now();
  for (let round = 0; round < rounds; round++) (await lockable.acquire()).release();
  return performance.now() - startedAtMs;
}
