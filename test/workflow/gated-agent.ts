import { onTestFinished } from 'vitest';
import type { Agent } from '../../src/contract/agent.ts';
import { createEngine, type EngineOptions, ioAgent } from '../../src/index.ts';

interface Call {
  readonly input: unknown;
  readonly finish: (output?: unknown) => void;
  readonly fail: (error: Error) => void;
  /** Its handler was told to end. */
  readonly signal: AbortSignal;
}

/** An agent whose calls end when the test says so. */
export class GatedAgent {
  readonly calls: Call[] = [];
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  /** The agent, for an engine: one of them may be in several. */
  agent<const N extends string>(name: N) {
    return ioAgent(name, {
      limit: 100,
      run: (input: unknown, { signal }) =>
        new Promise<unknown>((resolve, reject) => {
          this.calls.push({ input, finish: resolve, fail: reject, signal });
          for (const { count, resolve: tell } of this.#waiting) if (this.calls.length >= count) tell();
        }),
    });
  }

  /** Resolves when there have been so many calls. */
  called(count: number): Promise<void> {
    if (this.calls.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ count, resolve }));
  }

  get inputs(): readonly unknown[] {
    return this.calls.map(({ input }) => input);
  }

  /** Ends the calls that there are, each with what is made of its input. */
  finishAll(make: (input: unknown) => unknown = (input) => input): void {
    for (const { input, finish } of this.calls) finish(make(input));
  }
}

/** An engine that is closed when the test has ended. */
export async function engineWith<const A extends readonly Agent[]>(
  agents: A,
  options: Omit<EngineOptions, 'agents'> = {},
) {
  const engine = await createEngine({ agents, admission: { policy: 'none' }, ...options });
  onTestFinished(() => engine.close({ timeoutMs: 1 }));
  return engine;
}
