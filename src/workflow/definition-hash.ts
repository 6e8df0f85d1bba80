import type { StepDefinition, Workflow } from '../contract/workflow-definition.ts';
import { sha256 } from './sha256.ts';

/**
 * Of what a definition says: steps, their order, all their options, and what ends a run. Functions count by their text, so
 * that a change of one is a change of the definition; what they refer to is not seen.
 */
export function hashOf(id: string, onError: Workflow['onError'], steps: readonly StepDefinition[]): string {
  const hash = sha256();
  hash.update(JSON.stringify([id, onError, steps.map((step) => plain(step))]));
  return hash.digest('hex').slice(0, 32);
}

/** A definition as plain data: functions as their text, schemas and agents as little as names them. */
export function plain(value: unknown): unknown {
  if (typeof value === 'function') return `function ${value.toString()}`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  if ('hash' in value && 'steps' in value) return `workflow ${String(value.hash)}`;
  if ('~standard' in value) return 'schema';
  const entries = Object.entries(value).filter(([, of]) => of !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, of]) => [key, plain(of)]),
  );
}
