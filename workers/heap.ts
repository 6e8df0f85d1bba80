import { getHeapStatistics } from 'node:v8';
import type { HeapReport } from '../src/contract/stats.ts';

/** This thread's own heap, in bytes. */
export function heapReport(): HeapReport {
  const heap = getHeapStatistics();
  return {
    usedBytes: heap.used_heap_size,
    totalBytes: heap.total_heap_size,
    limitBytes: heap.heap_size_limit,
    externalBytes: heap.external_memory,
  };
}
