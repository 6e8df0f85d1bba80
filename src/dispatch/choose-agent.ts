/** What the choice depends on. */
export interface Candidate {
  readonly inFlight: number;
  /** `Infinity` for no limit. */
  readonly limit: number;
  /** Expected service time in milliseconds; 0 while nothing was measured. */
  readonly expectedMs: number;
  readonly hasRoom: boolean;
  /** It has to show whether it is well again, and nobody knows before it gets a task. */
  readonly isTrying?: boolean;
}

/**
 * The agent that takes a task: among those with room one that has to show whether it is well again, else the least
 * loaded, of equally loaded ones the faster, of equally fast ones the first. `undefined` if none has room. Pure.
 *
 * `slots` is what stands for the limit of an agent that has none of its own.
 */
export function chooseAgent<C extends Candidate>(candidates: readonly C[], slots: number): C | undefined {
  // By far the most common case, on the way of every task.
  if (candidates.length === 1) return candidates[0]!.hasRoom ? candidates[0] : undefined;
  let best: C | undefined;
  for (const candidate of candidates) {
    if (!candidate.hasRoom) continue;
    if (candidate.isTrying) return candidate;
    if (best === undefined || isBetter(candidate, best, slots)) best = candidate;
  }
  return best;
}

export function anyHasRoom(candidates: readonly Candidate[]): boolean {
  for (const candidate of candidates) if (candidate.hasRoom) return true;
  return false;
}

function isBetter(a: Candidate, b: Candidate, slots: number): boolean {
  const difference = loadFactor(a, slots) - loadFactor(b, slots);
  return difference < 0 || (difference === 0 && a.expectedMs < b.expectedMs);
}

/** In flight over the limit, or over `slots` for an agent without one. */
export function loadFactor(candidate: Candidate, slots: number): number {
  return candidate.inFlight / (Number.isFinite(candidate.limit) ? candidate.limit : Math.max(1, slots));
}
