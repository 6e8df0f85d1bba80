import { SpillwayError } from '../contract/errors.ts';

/** A run of that id is of another definition. */
export function otherDefinition(id: string, name: string): SpillwayError {
  const message = `run "${id}" was started with another definition ("${name}"); choose another id, or resume it with its token and \`migrate\``;
  return new SpillwayError('WORKFLOW_CONFLICT', message);
}

/** A run of that id has another input. */
export function otherInput(id: string): SpillwayError {
  return new SpillwayError(
    'WORKFLOW_CONFLICT',
    `run "${id}" was started with another input; choose another id`,
  );
}
