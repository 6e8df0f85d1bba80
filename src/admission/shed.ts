import type { ShedReason } from '../contract/errors.ts';
import type { Shed } from '../contract/limit.ts';

/** The answer of a station; `soonMs`, if there is one, is when there may be room. */
export function shedOf(reason: ShedReason, waitMs: number, allowedMs: number, soonMs: number): Shed {
  const load = waitMs / Math.max(allowedMs, 1e-6);
  return { reason, load, retryAfterMs: Math.max(1, soonMs > 0 ? soonMs : waitMs) };
}
