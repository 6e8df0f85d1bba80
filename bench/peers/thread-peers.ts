import { piscina } from './piscina.ts';
import { poolifier } from './poolifier.ts';
import type { ThreadPeer } from './thread-pool.ts';
import { tinypool } from './tinypool.ts';
import { workerpoolThreads } from './workerpool.ts';

/**
 * Every pool at every setting that was best in some case when tried by hand: one task at a worker balances long tasks
 * best, many hide the round trip of short ones best. Beyond 128 neither Piscina nor Tinypool got faster.
 */
export const THREAD_PEERS: readonly ThreadPeer[] = [
  piscina(1),
  piscina(2),
  piscina(8),
  piscina(128),
  tinypool(1),
  tinypool(128),
  workerpoolThreads(),
  poolifier(),
];
