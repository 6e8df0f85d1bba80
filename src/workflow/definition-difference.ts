import { createHash } from 'node:crypto';
import type { Workflow } from '../contract/workflow-definition.ts';
import { plain } from './definition-hash.ts';

/** A hash of each step, by name. */
export function stepHashesOf({ steps }: Workflow): Readonly<Record<string, string>> {
  return Object.fromEntries(
    steps.map((step) => [
      step.name,
      createHash('sha256')
        .update(JSON.stringify(plain(step)))
        .digest('hex')
        .slice(0, 16),
    ]),
  );
}

/** In words, what became of the steps of a definition. */
export function differenceOf(before: Readonly<Record<string, string>>, workflow: Workflow): string {
  const now = stepHashesOf(workflow);
  const names = (all: readonly string[]): string => all.map((name) => `"${name}"`).join(', ');
  const added = Object.keys(now).filter((name) => !Object.hasOwn(before, name));
  const removed = Object.keys(before).filter((name) => !Object.hasOwn(now, name));
  const changed = Object.keys(now).filter(
    (name) => Object.hasOwn(before, name) && before[name] !== now[name],
  );
  const parts = [
    ...(added.length > 0 ? [`added ${names(added)}`] : []),
    ...(removed.length > 0 ? [`removed ${names(removed)}`] : []),
    ...(changed.length > 0 ? [`changed ${names(changed)}`] : []),
  ];
  return parts.length === 0 ? 'the steps stand in another order' : parts.join('; ');
}
