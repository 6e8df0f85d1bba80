import { performance } from 'node:perf_hooks';
import { spin } from './work.js';

/** Spins, and returns how long that took, in milliseconds. */
export function meteredSpin(steps) {
  const startedAtMs = performance.now();
  spin(steps);
  return performance.now() - startedAtMs;
}
