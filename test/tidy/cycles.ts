import { importsOf, isCode } from './imports.ts';
import type { Rule } from './source-file.ts';

/** No module waits, at run time, for one that waits for it. Types may refer to each other within their room. */
export const noCycles: Rule = (files) => {
  const targets = new Map<string, string[]>();
  for (const file of files.filter(({ path }) => isCode(path))) {
    const found = importsOf(file).filter(({ typeOnly, target }) => !typeOnly && target !== undefined);
    targets.set(
      file.path,
      found.map(({ target }) => target!),
    );
  }
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      cycles.push(`${path}:1: imports itself: ${[...trail.slice(trail.indexOf(path)), path].join(' -> ')}`);
      return;
    }
    if (done.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of targets.keys()) visit(path, []);
  return cycles;
};
