import { inspect } from 'node:util';
import { distance } from 'fastest-levenshtein';
import type * as v from 'valibot';
import { ConfigError } from './errors.ts';

/** Turns the first finding of the validator into the error that a user reads. */
export function explainIssue(schema: v.GenericSchema, issue: v.BaseIssue<unknown>, at: string): ConfigError {
  const path = pathOf(issue, at);
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    const known = knownKeys(schema, issue);
    const key = String(issue.path?.at(-1)?.key ?? '');
    const near = nearest(key, known);
    const hint = near ? `did you mean "${near}"?` : `known are ${known.join(', ')}`;
    return new ConfigError('UNKNOWN_OPTION', path, `${path}: unknown option; ${hint}`, {
      expected: near ?? known.join(' | '),
      received: key,
    });
  }
  const expected = expectation(issue);
  const received = describe(issue.input);
  return new ConfigError('INVALID_OPTION', path, `${path}: expected ${expected}, got ${received}`, {
    expected,
    received,
  });
}

/** A value in one short line, quoted so that "8" and 8 look different. */
export function describe(value: unknown): string {
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  return inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 60 });
}

/** The known name closest to a mistyped one, if one is close enough to be meant. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const d = distance(name.toLowerCase(), candidate.toLowerCase());
    if (d < bestDistance) {
      best = candidate;
      bestDistance = d;
    }
  }
  return best;
}

function pathOf(issue: v.BaseIssue<unknown>, at: string): string {
  let path = at;
  for (const item of issue.path ?? []) {
    path +=
      typeof item.key === 'number'
        ? `[${item.key}]`
        : path === ''
          ? String(item.key)
          : `.${String(item.key)}`;
  }
  return path === '' ? 'options' : path;
}

function expectation(issue: v.BaseIssue<unknown>): string {
  // Our own schemas put the expectation where the library puts its sentence.
  if (!issue.message.startsWith('Invalid ')) return issue.message;
  if (issue.type === 'strict_object')
    return issue.input === undefined ? 'a value; it is required' : 'an object';
  return issue.expected ?? 'another value';
}

/** The parts of a valibot schema that lead to the keys of a nested object. */
interface SchemaNode {
  readonly type: string;
  readonly wrapped?: SchemaNode;
  /** Chooses by the value. */
  readonly getter?: (input: unknown) => SchemaNode;
  readonly item?: SchemaNode;
  /** Of each entry of a record. */
  readonly value?: SchemaNode;
  readonly key?: string;
  readonly entries?: Record<string, SchemaNode & { readonly literal?: unknown }>;
  readonly options?: readonly SchemaNode[];
}

/** The keys allowed beside the unknown one: walks the schema along the issue's path. */
function knownKeys(schema: v.GenericSchema, issue: v.BaseIssue<unknown>): string[] {
  const path = issue.path ?? [];
  let node: SchemaNode | undefined = schema as unknown as SchemaNode;
  for (const [depth, item] of path.entries()) {
    node = objectBehind(node, item.input);
    if (depth === path.length - 1) break;
    node = node?.item ?? node?.value ?? node?.entries?.[String(item.key)];
  }
  return Object.keys(node?.entries ?? {});
}

function objectBehind(schema: SchemaNode | undefined, input: unknown): SchemaNode | undefined {
  let node = schema;
  while (node?.wrapped) node = node.wrapped;
  if (node?.getter) node = node.getter(input);
  if (node?.type !== 'variant') return node;
  const discriminator = node.key ?? '';
  const tag = (input as Record<string, unknown>)[discriminator];
  return node.options?.find((option) => option.entries?.[discriminator]?.literal === tag);
}
