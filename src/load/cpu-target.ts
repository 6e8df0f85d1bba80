import { type AgentTypes, cpuAgent } from '../contract/agent.ts';
import { entryModule } from '../contract/entry-module.ts';
import { SpillwayError } from '../contract/errors.ts';
import { createEngine } from '../engine.ts';
import { lognormal } from '../upstream/seeded-random.ts';
import type { LoadTarget } from './target.ts';

export interface CpuTargetOptions {
  /** Mean service time on an idle core, in milliseconds. */
  readonly serviceMs: number;
  /** Sigma of the lognormal factor, of mean 1, that each task's time is multiplied by. */
  readonly sigma: number;
  /** Steps of the work in a millisecond. Measured if it is not given. */
  readonly stepsPerMs?: number;
  /** Of a trace; a call takes time in proportion to its tokens. */
  readonly meanTokens: number | undefined;
}

const SPIN = cpuAgent('cpu', {
  module: entryModule('../../workers/load-spin.ts', import.meta.url),
  types: {} as AgentTypes<number, number>,
});
const CALIBRATION = { steps: 500_000, goes: 60 } as const;

/** Built-in CPU work: agents on threads that compute for as long as their input says. */
export async function cpuTarget(options: CpuTargetOptions): Promise<LoadTarget> {
  const { serviceMs, sigma, meanTokens } = options;
  const stepsPerMs = options.stepsPerMs ?? (await calibrate());
  return {
    name: 'cpu',
    work: { kind: 'cpu', serviceMs, sigma, stepsPerMs },
    agents: [SPIN],
    next(_index, random, call) {
      const share =
        call === undefined || meanTokens === undefined
          ? lognormal(sigma, random)
          : (call.contextTokens + call.generatedTokens) / meanTokens;
      return { agent: SPIN.name, input: Math.max(1, Math.round(stepsPerMs * serviceMs * share)) };
    },
    close: async () => {},
  };
}

/** Steps that a thread takes in a millisecond. The fastest of many goes is the one that nothing disturbed. */
async function calibrate(): Promise<number> {
  await using engine = await createEngine({ agents: [SPIN], threads: { count: 1 } });
  let best = 0;
  for (let go = 0; go < CALIBRATION.goes; go++) {
    const outcome = await engine.submit('cpu', CALIBRATION.steps).outcome;
    if (outcome.status !== 'completed') {
      throw new SpillwayError('HANDLER_FAILED', `cannot calibrate the CPU work: ${outcome.error.message}`);
    }
    best = Math.max(best, CALIBRATION.steps / Math.max(outcome.timing.serviceMs, 0.001));
  }
  return best;
}
