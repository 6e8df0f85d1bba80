import { nearest } from '../contract/option-issue.ts';
import type { StepDefinition } from '../contract/workflow-definition.ts';

const COMMON = ['after', 'when', 'onFailure', 'retry', 'priority', 'timeoutMs', 'expectedMs'];
const WORK = ['agent', 'capability', 'run', 'workflow'];

/** What each kind of step may say. */
const KEYS: Readonly<Record<StepDefinition['kind'], readonly string[]>> = {
  task: [...COMMON, ...WORK, 'input', 'output', 'compensate'],
  map: [
    ...[...COMMON, ...WORK, 'input', 'output', 'over'],
    ...['concurrency', 'maxItems', 'minSuccess', 'enough', 'compensate'],
  ],
  reduce: [...COMMON, 'agent', 'capability', 'run', 'using', 'on', 'output', 'of', 'minSuccess', 'fanIn'],
  loop: [...COMMON, ...WORK, 'input', 'output', 'until', 'max'],
  wait: [...COMMON, 'ms', 'signal', 'approval'],
};

/** Options that are objects of their own. */
const INNER: Readonly<Record<string, readonly string[]>> = {
  retry: ['attempts', 'backoffMs'],
  minSuccess: ['count', 'items'],
  enough: ['count', 'quorum', 'by'],
  onFailure: ['value', 'interpolate'],
  compensate: ['agent', 'input', 'retry'],
};

/** The first option of a step that there is not, with what was probably meant; `undefined` if there is none. */
export function unknownOption(kind: StepDefinition['kind'], options: unknown): string | undefined {
  if (typeof options !== 'object' || options === null) return undefined;
  return unknownIn('', options, KEYS[kind]);
}

function unknownIn(before: string, options: object, known: readonly string[]): string | undefined {
  for (const [key, value] of Object.entries(options)) {
    const inner = INNER[key];
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    const found =
      unknownKey(before, key, known) ??
      (inner !== undefined && isObject ? unknownIn(`${before}${key}.`, value, inner) : undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}

function unknownKey(before: string, key: string, known: readonly string[]): string | undefined {
  if (known.includes(key)) return undefined;
  const near = nearest(key, known);
  return `unknown option "${before}${key}"; ${near === undefined ? `there are ${known.join(', ')}` : `did you mean "${before}${near}"?`}`;
}
