import type { AgentRef } from '../contract/task.ts';
import type { ThreadLink } from './thread-link.ts';

/** What the lane tells the supervisor beside the reports of every lane. */
export interface ThreadEvents {
  /** A batch was handed to a thread. */
  posted(): void;
  /** The task of a thread has come to wait for a lock or a barrier, or waits no more. */
  syncWaits(link: ThreadLink): void;
  threadReady(link: ThreadLink): void;
  /** A child process ended that ran an agent's handler, and the agent is to blame. */
  childLost(agentId: number): void;
  /** The agent has no handler on new threads. */
  cannotLoad(agent: AgentRef, error: Error): void;
  /** There are no threads any more. */
  cannotStart(error: Error): void;
  /** A thread has ended that was no longer needed. */
  threadRetired(link: ThreadLink): void;
  /** `culprit` is the agent whose task ran when the thread died. */
  threadLost(link: ThreadLink, culprit: AgentRef | undefined, cause: unknown): void;
}
