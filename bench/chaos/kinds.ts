/** Codes of errors of tasks whose handlers ran. */
export const CODES = [
  'HANDLER_FAILED',
  'TIMEOUT',
  'WORKER_LOST',
  'STALLED',
  'POISON',
  'RESULT_NOT_CLONEABLE',
] as const;
/** How a task may end, as its caller sees it: completed, rejected, cancelled, or the code of its error. */
export const ENDINGS = ['completed', 'rejected', 'cancelled', ...CODES, 'another'] as const;
export type Ending = (typeof ENDINGS)[number];

/**
 * Ways for a thread to die. `stuck` is a task that hangs until its caller cancels it, `again` one that is tried again
 * after it has killed its thread, `injected` a fault from outside; a `child` is the process of an isolated handler.
 */
export const DEATHS = [
  'uncaught',
  'exit',
  'hang',
  'stall',
  'stuck',
  'out-of-heap',
  'again',
  'child',
  'injected',
] as const;
export type Death = (typeof DEATHS)[number];

/** What a handler is told to do, beside which task it is. */
export type Fate =
  | 'none'
  | 'timer'
  | 'rejection'
  | 'exit'
  | 'kill'
  | 'loop'
  | 'wait'
  | 'pattern'
  | 'loop later'
  | 'once'
  | 'always';

/** One sort of task in the mixture. */
export interface Kind {
  readonly name: string;
  readonly agent: string;
  /** Share among the tasks that kill no thread; the shares add up to 1. */
  readonly share: number;
  /** How it may end, if nobody cancels it. */
  readonly endings: readonly Ending[];
  readonly death?: Death;
  readonly fates?: readonly Fate[];
  /** How many attempts it takes, where that is certain. */
  readonly attempts?: number;
  /** Whether it may fail without its handler having been entered: its process may be gone before. */
  readonly mayFailUnentered?: boolean;
}

const COMPLETES: readonly Ending[] = ['completed'];

export const KINDS: readonly Kind[] = [
  { name: 'tiny', agent: 'tiny', share: 0.51, endings: COMPLETES },
  { name: 'text', agent: 'text', share: 0.1, endings: COMPLETES },
  { name: 'spin', agent: 'spin', share: 0.01, endings: COMPLETES },
  { name: 'slow', agent: 'slow', share: 0.0005, endings: COMPLETES },
  // At most once: one whose thread dies after it was done, but before its result was sent, is lost and says so.
  { name: 'once', agent: 'once', share: 0.04, endings: ['completed', 'WORKER_LOST'] },
  { name: 'survivor of crash', agent: 'crash', share: 0.05, endings: COMPLETES, fates: ['none'] },
  { name: 'survivor of exit', agent: 'exit', share: 0.05, endings: COMPLETES, fates: ['none'] },
  { name: 'survivor once', agent: 'crash once', share: 0.01, endings: ['completed', 'WORKER_LOST'] },
  { name: 'fail', agent: 'fail', share: 0.02, endings: ['HANDLER_FAILED'] },
  { name: 'odd', agent: 'odd', share: 0.005, endings: ['RESULT_NOT_CLONEABLE'] },
  { name: 'leak', agent: 'leak', share: 0.01, endings: COMPLETES },
  { name: 'polite', agent: 'polite', share: 0.0005, endings: ['TIMEOUT'] },
  { name: 'call', agent: 'call', share: 0.08, endings: COMPLETES },
  { name: 'wait', agent: 'wait', share: 0.02, endings: COMPLETES },
  { name: 'report', agent: 'report', share: 0.01, endings: COMPLETES },
  { name: 'refused', agent: 'refused', share: 0.013, endings: ['HANDLER_FAILED'] },
  { name: 'never', agent: 'never', share: 0.001, endings: ['TIMEOUT'] },
  // Fails so many times that are in its input, then succeeds; or fails for as long as it is tried.
  { name: 'flaky', agent: 'flaky', share: 0.01, endings: COMPLETES, fates: ['once'] },
  { name: 'flaky call', agent: 'flaky call', share: 0.008, endings: COMPLETES, fates: ['once'] },
  {
    name: 'hopeless',
    agent: 'flaky',
    share: 0.001,
    endings: ['HANDLER_FAILED'],
    fates: ['always'],
    attempts: 3,
  },
  {
    name: 'hopeless call',
    agent: 'flaky call',
    share: 0.001,
    endings: ['HANDLER_FAILED'],
    fates: ['always'],
    attempts: 3,
  },
  { name: 'isolated', agent: 'isolated', share: 0.02, endings: COMPLETES },
  { name: 'drill', agent: 'drill', share: 0.02, endings: COMPLETES },
  { name: 'drill call', agent: 'drill call', share: 0.01, endings: COMPLETES },
  {
    name: 'uncaught',
    agent: 'crash',
    share: 0,
    endings: ['HANDLER_FAILED', 'WORKER_LOST'],
    death: 'uncaught',
    fates: ['timer', 'rejection'],
  },
  {
    name: 'uncaught once',
    agent: 'crash once',
    share: 0,
    endings: ['HANDLER_FAILED', 'WORKER_LOST'],
    death: 'uncaught',
    fates: ['timer', 'rejection'],
  },
  { name: 'exit', agent: 'exit', share: 0, endings: ['WORKER_LOST'], death: 'exit', fates: ['exit'] },
  {
    name: 'hang',
    agent: 'hang',
    share: 0,
    endings: ['TIMEOUT'],
    death: 'hang',
    fates: ['loop', 'wait', 'pattern'],
  },
  {
    name: 'stuck',
    agent: 'stuck',
    share: 0,
    endings: ['cancelled'],
    death: 'stuck',
    fates: ['loop', 'wait', 'pattern'],
  },
  {
    name: 'stall',
    agent: 'stall',
    share: 0,
    endings: ['STALLED'],
    death: 'stall',
    fates: ['loop', 'wait', 'pattern', 'loop later'],
  },
  { name: 'out of heap', agent: 'hog', share: 0, endings: ['WORKER_LOST'], death: 'out-of-heap' },
  {
    name: 'kills once',
    agent: 'again',
    share: 0,
    endings: COMPLETES,
    death: 'again',
    fates: ['once'],
    attempts: 2,
  },
  {
    name: 'poison',
    agent: 'again',
    share: 0,
    endings: ['POISON'],
    death: 'again',
    fates: ['always'],
    attempts: 2,
  },
  {
    name: 'child',
    agent: 'isolated',
    share: 0,
    endings: ['WORKER_LOST', 'HANDLER_FAILED'],
    death: 'child',
    fates: ['exit', 'kill', 'timer'],
    mayFailUnentered: true,
  },
  {
    name: 'child stall',
    agent: 'isolated',
    share: 0,
    endings: ['STALLED'],
    death: 'child',
    fates: ['loop'],
    mayFailUnentered: true,
  },
];

/** How often a task of these agents is tried at most; of all others once. */
export const ATTEMPTS: Readonly<Record<string, number>> = { flaky: 3, 'flaky call': 3, again: 3 };

/**
 * The agent with child processes comes late: each new thread has to start one for it, which takes as long as all else
 * about a thread together.
 */
export const LATECOMER = 'isolated';

/** Agents that faults are injected into, and the lane that they are on. */
export const DRILLED = { drill: 'threads', 'drill call': 'loop' } as const;
export type Drilled = keyof typeof DRILLED;

/** Agents whose tasks must never run twice. */
export const AT_MOST_ONCE: ReadonlySet<string> = new Set(['once', 'crash once']);
