import { SpillwayError } from '../contract/errors.ts';

/** Why a run cannot go on here, as those are told that wait for it. */
export function asSpillwayError(run: string, error: unknown): SpillwayError {
  if (error instanceof SpillwayError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new SpillwayError('WORKFLOW_STATE', `run "${run}" cannot go on: ${why}`, { cause: error });
}
