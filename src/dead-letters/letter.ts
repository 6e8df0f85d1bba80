import type {
  DeadLetter,
  DeadLetterAttempt,
  DeadLetterFilter,
  InputState,
} from '../contract/dead-letters.ts';
import type { TaskError } from '../contract/errors.ts';
import type { Task } from '../contract/task.ts';
import type { AttemptSpan } from '../dispatch/letter-box.ts';
import type { Route } from '../dispatch/route.ts';
import { suggestionFor } from './suggestion.ts';

/** Longest message that is kept, in characters. */
const MESSAGE_CHARS = 2_000;

/** What a letter is made of. */
export interface FailedTask {
  readonly task: Task;
  readonly error: TaskError;
  readonly span: AttemptSpan | undefined;
  /** Takes a time of the engine's clock to milliseconds since the epoch. */
  readonly wallAtMs: (clockMs: number) => number;
  readonly nowMs: number;
}

/** A letter for a task that has just failed, and is not told so yet. */
export function letterFor(failed: FailedTask, id: string, redrives: number): DeadLetter {
  const { task, error, wallAtMs, nowMs } = failed;
  const { extras } = task;
  const { kind, name } = (task.trail?.from ?? task.target) as Route;
  const attempts = attemptsOf(failed);
  const agent = attempts.at(-1)?.agent ?? null;
  const message = error.message.slice(0, MESSAGE_CHARS);
  const kills = extras?.kills ?? 0;
  const facts = { code: error.code, message, kills, agent: agent ?? name };
  return {
    id,
    taskId: task.id,
    target: kind === 'agent' ? name : { capability: name },
    agent,
    priority: extras?.asked?.level ?? task.level,
    tenant: extras?.tenant ?? null,
    workflow: extras?.workflow ?? null,
    tags: extras?.tags ?? [],
    timeoutMs: extras?.timeoutMs ?? null,
    code: error.code,
    message,
    attempts,
    kills,
    submittedAtMs: wallAtMs(task.enqueuedAtMs),
    failedAtMs: wallAtMs(nowMs),
    redrives,
    suggestion: suggestionFor(facts, id),
    inputState: inputStateOf(task, attempts),
  };
}

export function meetsFilter(letter: DeadLetter, filter: DeadLetterFilter): boolean {
  const { agent, capability, tenant, tag, code } = filter;
  const { target } = letter;
  if (agent !== undefined && letter.agent !== agent && target !== agent) return false;
  if (capability !== undefined && (typeof target === 'string' || target.capability !== capability))
    return false;
  if (tenant !== undefined && letter.tenant !== tenant) return false;
  if (tag !== undefined && !letter.tags.includes(tag)) return false;
  return code === undefined || letter.code === code;
}

/** Those that the task has kept, or its only one. */
function attemptsOf({ task, error, span, wallAtMs }: FailedTask): DeadLetterAttempt[] {
  if (task.trail !== undefined) {
    return task.trail.attempts.map((attempt) => ({
      ...{ agent: attempt.agent, lane: attempt.lane },
      ...{ startedAtMs: Math.round(attempt.startedAtMs), durationMs: attempt.durationMs },
      ...textOf(attempt.error ?? error),
    }));
  }
  const { agent } = task;
  if (span === undefined || agent === undefined) return [];
  const { startedAtMs, endedAtMs } = span;
  const times = { startedAtMs: wallAtMs(startedAtMs), durationMs: endedAtMs - startedAtMs };
  return [{ agent: agent.name, lane: agent.lane, ...times, ...textOf(error) }];
}

function textOf({ code, message }: TaskError): Pick<DeadLetterAttempt, 'code' | 'message'> {
  return { code, message: message.slice(0, MESSAGE_CHARS) };
}

/** What was moved to a thread is not here any more. */
function inputStateOf({ extras }: Task, attempts: readonly DeadLetterAttempt[]): InputState {
  const hasMoved = extras?.transfer !== undefined && attempts.some(({ lane }) => lane === 'threads');
  return hasMoved ? 'moved' : 'kept';
}
