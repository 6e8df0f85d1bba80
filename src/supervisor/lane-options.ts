import { DEFAULTS, type EngineOptions } from '../contract/options.ts';
import type { ThreadLaneOptions } from '../lanes/thread-lane-options.ts';

/**
 * Fewest and most threads, and how many to begin with; all are the count where no bound was asked for. The least is one
 * more than are reserved for high priority: those alone would serve the others no more than none.
 */
export function threadBounds(
  threads: EngineOptions['threads'],
  reserved: number,
): { min: number; max: number; start: number } {
  const count = threads?.count ?? DEFAULTS.threads.count;
  if (threads?.min === undefined && threads?.max === undefined)
    return { min: count, max: count, start: count };
  const asked = threads.min ?? DEFAULTS.threads.min;
  const max = Math.max(threads.max ?? DEFAULTS.threads.count, asked);
  const min = Math.min(max, Math.max(asked, reserved + 1));
  return { min, max, start: Math.min(max, Math.max(min, threads.count ?? min)) };
}

/** What the engine's options say to the lane. */
export function laneOptions(
  { threads, batch }: EngineOptions,
  reserved: number,
): Omit<ThreadLaneOptions, 'arbiter'> {
  const { min, max } = threadBounds(threads, reserved);
  return {
    min,
    max,
    quantumMs: batch?.quantumMs ?? DEFAULTS.batch.quantumMs,
    maxTasks: batch?.maxTasks ?? DEFAULTS.batch.maxTasks,
    stallMs: threads?.stallMs,
    startTimeoutMs: threads?.startTimeoutMs ?? DEFAULTS.threads.startTimeoutMs,
    memoryEveryMs: threads?.recycle ? DEFAULTS.threadMemory.recycleEveryMs : DEFAULTS.threadMemory.everyMs,
    ...(threads?.resourceLimits && { resourceLimits: threads.resourceLimits }),
  };
}
