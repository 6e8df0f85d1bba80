import { createHash } from 'node:crypto';

/** A short digest of results, in order: equal exactly if the results are. */
export function digestOf(results: readonly unknown[]): string {
  const hash = createHash('sha256');
  for (const result of results) hash.update(`${JSON.stringify(result)}\n`);
  return hash.digest('hex').slice(0, 12);
}
