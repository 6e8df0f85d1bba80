import type { Hash } from 'node:crypto';

/** A hash to be fed. Importing it takes longer than all of ours together, and most who import us never build a workflow. */
export function sha256(): Hash {
  return process.getBuiltinModule('node:crypto').createHash('sha256');
}
