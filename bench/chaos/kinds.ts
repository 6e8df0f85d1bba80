/** How a task may end, as its caller sees it: completed, rejected, cancelled, or the code of its error. */
export const ENDINGS = [
  'completed',
  'rejected',
  'cancelled',
  'HANDLER_FAILED',
  'TIMEOUT',
  'WORKER_LOST',
  'RESULT_NOT_CLONEABLE',
  'another',
] as const;
export type Ending = (typeof ENDINGS)[number];

/** Ways for a thread to die. `stuck` is a task that hangs until its caller cancels it. */
export const DEATHS = ['uncaught', 'exit', 'hang', 'stuck', 'out-of-heap'] as const;
export type Death = (typeof DEATHS)[number];

/** What a handler is told to do, beside which task it is. */
export type Fate = 'none' | 'timer' | 'rejection' | 'exit' | 'loop' | 'wait' | 'pattern';

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
}

const COMPLETES: readonly Ending[] = ['completed'];

export const KINDS: readonly Kind[] = [
  { name: 'tiny', agent: 'tiny', share: 0.58, endings: COMPLETES },
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
  { name: 'out of heap', agent: 'hog', share: 0, endings: ['WORKER_LOST'], death: 'out-of-heap' },
];

/** Agents whose tasks must never run twice. */
export const AT_MOST_ONCE: ReadonlySet<string> = new Set(['once', 'crash once']);
