import { performance } from 'node:perf_hooks';
import { spin } from './handlers/work.js';

let stepsPerMs: number | undefined;

/** How many steps of `spin` take so long on an idle core of this machine. Measured once in a process. */
export function spinSteps(ms: number): number {
  stepsPerMs ??= calibrate();
  return Math.max(1, Math.round(stepsPerMs * ms));
}

/** The fastest of many goes is the one that nothing else on the machine disturbed. */
function calibrate(): number {
  const steps = 500_000;
  let best = 0;
  for (let go = 0; go < 60; go++) {
    const startedAtMs = performance.now();
    spin(steps);
    best = Math.max(best, steps / (performance.now() - startedAtMs));
  }
  return best;
}
