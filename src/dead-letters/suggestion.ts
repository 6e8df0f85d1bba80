import type { TaskErrorCode } from '../contract/errors.ts';

/** What is known of a failure when somebody asks what to do. */
export interface FailureFacts {
  readonly code: TaskErrorCode;
  readonly message: string;
  readonly kills: number;
  /** The agent that ran it, or as much as is known of who should have. */
  readonly agent: string;
}

/** How a thread died, by what is left of it: words of its error, and what to do about that. */
const DEATHS: readonly (readonly [RegExp, string])[] = [
  [
    /out of memory|OUT_OF_MEMORY|heap limit/i,
    'it ran out of memory: raise threads.resourceLimits.maxOldGenerationSizeMb, or split the input into smaller tasks',
  ],
  [
    /exited with code/,
    'the thread exited: look for process.exit() in the handler and in what it calls, and return or throw instead',
  ],
  [
    /blocked (its|the) thread|was blocked for/,
    'it blocked its thread for longer than stallMs: look for a loop without end or a regular expression that backtracks, or raise the stallMs of its agent',
  ],
  [
    /child process/,
    'its child process ended: look into the native code that the handler calls, with this input',
  ],
];
const OTHER_DEATH =
  'an error escaped the handler, from a timer, an event or a promise that nobody awaits: catch it there, so that it fails the task and not the thread';

/** What to do about codes that do not speak for themselves. */
const BY_CODE: Partial<Record<TaskErrorCode, (facts: FailureFacts) => string>> = {
  TIMEOUT: ({ agent }) =>
    `it ran longer than its timeoutMs: raise that of agent "${agent}", or split the input into smaller tasks`,
  WORKER_LOST: (facts) => deathOf(facts),
  STALLED: (facts) => deathOf(facts),
  UPSTREAM_BUSY: () => 'its upstream had too much to do: redrive it when the upstream is quiet again',
  AGENT_FAILED: ({ agent }) =>
    `agent "${agent}" was switched off: see what killed its threads, then redrive it once the agent is back`,
  AGENT_REMOVED: ({ agent }) => `nobody serves "${agent}" any more: register an agent for it`,
  INPUT_NOT_CLONEABLE: () =>
    'its input cannot be sent to a thread: submit plain data instead of functions and open resources',
  RESULT_NOT_CLONEABLE: () =>
    'its result cannot be sent back: let the handler return plain data instead of functions and open resources',
};

/** What to do about a task that failed for good, in one sentence or two. */
export function suggestionFor(facts: FailureFacts, id: string): string {
  const advice = adviceFor(facts);
  const sentence = advice.charAt(0).toUpperCase() + advice.slice(1);
  return `${sentence}. Then run it again with redrive("${id}"), or remove it with purge("${id}").`;
}

function adviceFor(facts: FailureFacts): string {
  if (facts.code !== 'POISON') {
    const advice = BY_CODE[facts.code];
    return advice?.(facts) ?? `see what the handler of agent "${facts.agent}" says about this input`;
  }
  const threads = facts.kills === 1 ? 'a thread' : `${facts.kills} threads`;
  return `run the handler of agent "${facts.agent}" on this input alone, away from other work: it killed ${threads}; the last time ${deathOf(facts)}`;
}

function deathOf({ message }: FailureFacts): string {
  return DEATHS.find(([words]) => words.test(message))?.[1] ?? OTHER_DEATH;
}
