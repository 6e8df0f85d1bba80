/**
 * CPU agent of the load benchmark: a number of steps of integer arithmetic, each of which needs the one before.
 * Steps, not time: a thread that has to wait for its core takes longer, as real work would.
 */
export default function spin(steps: number): number {
  let hash = 0x811c9dc5;
  for (let step = 0; step < steps; step++) hash = Math.imul(hash ^ step, 0x01000193);
  return hash >>> 0;
}
