import { type StepRetry, WORKFLOW_DEFAULTS } from '../contract/workflow-definition.ts';

/** How long to wait after a failed attempt, in milliseconds: doubles with each, up to a limit. */
export function backoffMs(retry: StepRetry, attempt: number): number {
  return Math.min(WORKFLOW_DEFAULTS.retry.maxBackoffMs, retry.backoffMs * 2 ** (attempt - 1));
}
