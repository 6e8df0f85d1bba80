import type { ScaleReason } from '../contract/scaling.ts';

/** What is known of the threads at one moment. */
export interface LoadPicture {
  /** Threads that work or are on their way. */
  readonly threads: number;
  /** Share of the time since the last look, 0 to 1, that threads spent in handlers while they lived. */
  readonly load: number;
  /** Work that waits, in milliseconds of one thread, as service times were measured. */
  readonly waitingMs: number;
}

/** What threads are held against. */
export interface ScalingRules {
  readonly min: number;
  readonly max: number;
  /** Share of their time, 0 to 1, that threads are to spend in handlers. */
  readonly targetLoad: number;
  /** How long what waits may take to be worked off, in milliseconds. */
  readonly allowedWaitMs: number;
  /** Least time between two changes, in milliseconds. */
  readonly coolDownMs: number;
  /** How long fewer threads must have been enough before some are given up, in milliseconds. */
  readonly quietMs: number;
}

/** How many threads a picture asks for. */
export interface Wanted {
  readonly wanted: number;
  readonly why: ScaleReason;
}

/** What was wanted, and when. */
interface Mark {
  readonly atMs: number;
  readonly wanted: number;
}

/** What the last decisions leave behind. */
export interface ScalingState {
  /** When the number of threads was last changed, or looking began. */
  readonly sinceMs: number;
  /** Whether that was a change. */
  readonly hasChanged: boolean;
  /** The highest marks of the quiet time, falling; one for each number of threads at most. */
  readonly marks: readonly Mark[];
}

export interface Decision {
  readonly state: ScalingState;
  /** How many threads there are to be. */
  readonly target: number;
  readonly why: ScaleReason;
}

/** Load this close to the target, as a share of it, changes nothing. */
const TOLERANCE = 0.1;

export function initialScaling(nowMs: number): ScalingState {
  return { sinceMs: nowMs, hasChanged: false, marks: [] };
}

/**
 * How many threads it takes to bring the load to its target, and what waits to its end in time; within the bounds.
 *
 * ```
 *  for load = threads * load / target load, or as many as there are if that is within 10 % of it
 *  for wait = waiting work / allowed wait
 *  wanted   = the larger of both, rounded up
 * ```
 *
 * The rule and the tolerance are those of the Horizontal Pod Autoscaler of Kubernetes.
 */
export function wantedThreads(picture: LoadPicture, rules: ScalingRules): Wanted {
  const { threads, load, waitingMs } = picture;
  const exact = (threads * load) / rules.targetLoad;
  const isNear = Math.abs(exact - threads) <= TOLERANCE * threads;
  const forLoad = isNear ? threads : Math.ceil(exact);
  const forWait = Math.ceil(waitingMs / rules.allowedWaitMs);
  const wanted = Math.min(rules.max, Math.max(rules.min, forLoad, forWait));
  if (wanted < threads) return { wanted, why: 'quiet' };
  if (wanted === threads) return { wanted, why: 'steady' };
  if (wanted === rules.min) return { wanted, why: 'minimum' };
  return { wanted, why: forWait > forLoad ? 'wait' : 'load' };
}

/**
 * Decides on the number of threads. More come at once, then no other change for the cool-down; fewer are kept only after
 * fewer have been enough for the whole quiet time, and then as many as were wanted at most in it. A short lull, or a
 * noisy sample, therefore takes no thread away that is needed again a moment later.
 */
export function decideScaling(
  state: ScalingState,
  picture: LoadPicture,
  rules: ScalingRules,
  nowMs: number,
): Decision {
  const { threads } = picture;
  const { wanted, why } = wantedThreads(picture, rules);
  const recent = state.marks.filter((mark) => mark.wanted > wanted && mark.atMs > nowMs - rules.quietMs);
  const marks = [...recent, { atMs: nowMs, wanted }];
  const elapsedMs = nowMs - state.sinceMs;
  if (wanted > threads && (!state.hasChanged || elapsedMs >= rules.coolDownMs)) {
    return { state: { sinceMs: nowMs, hasChanged: true, marks }, target: wanted, why };
  }
  const highest = marks[0]!.wanted;
  if (highest < threads && elapsedMs >= Math.max(rules.quietMs, rules.coolDownMs)) {
    return { state: { sinceMs: nowMs, hasChanged: true, marks }, target: highest, why: 'quiet' };
  }
  return { state: { ...state, marks }, target: threads, why: 'steady' };
}
