import { piscina } from './piscina.ts';
import { poolifier, poolifierQueue } from './poolifier.ts';
import type { ThreadPeer } from './thread-pool.ts';
import { tinypool } from './tinypool.ts';
import { workerpoolThreads } from './workerpool.ts';

/**
 * Every pool at every setting that was best anywhere when tried by hand: one task at a worker balances best, many
 * hide the round trip best (128 for Piscina and Tinypool, no queue for Poolifier). More settings made none faster.
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
  poolifierQueue(1),
];
