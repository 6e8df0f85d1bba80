/** What only engines with CPU agents need, loaded in one go when the first of them is added. */
export { drainThreads, heapsOfThreads } from '../lanes/ask-threads.ts';
export { ThreadLane } from '../lanes/thread-lane.ts';
export { laneOptions, threadBounds } from './lane-options.ts';
export { ThreadHealth } from './thread-health.ts';
export { ThreadScaler } from './thread-scaler.ts';
