import type { Engine } from '../../src/index.ts';

/** Resolves when so many wait for a name. */
export async function waiting(engine: Engine, name: string, count: number): Promise<void> {
  const waits = () => engine.sync.inspect().resources.find((resource) => resource.name === name)?.waiting;
  while (waits() !== count) await new Promise((resolve) => setImmediate(resolve));
}

/** Resolves when nobody holds or waits for anything: word of what a thread gave back may come after its task's result. */
export async function quiet(engine: Engine): Promise<void> {
  while (engine.sync.inspect().resources.length > 0) await new Promise((resolve) => setImmediate(resolve));
}
