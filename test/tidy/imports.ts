import { posix } from 'node:path';
import { lineAt, type SourceFile, withoutComments } from './source-file.ts';

/** One import, re-export or dynamic import. */
export interface Import {
  readonly from: string;
  readonly line: number;
  /** As it is written; `undefined` if it is computed. */
  readonly specifier: string | undefined;
  /** Path of the imported file in the project; `undefined` for packages and built-in modules. */
  readonly target: string | undefined;
  /** Gone at run time. */
  readonly typeOnly: boolean;
}

const STATIC = /^[ \t]*(?:import|export)\b(?:([^'"`;()=]*?\s)from)?\s*(['"])([^'"]+)\2/gm;
const DYNAMIC = /(?<![.\w])import\(\s*(?:(['"`])([^'"`$]+)\1)?/g;

/** All imports of a TypeScript or JavaScript file. */
export function importsOf({ path, text }: SourceFile): Import[] {
  const code = withoutComments(text);
  const make = (index: number, specifier: string | undefined, typeOnly: boolean): Import => ({
    from: path,
    line: lineAt(code, index),
    specifier,
    target: specifier?.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined,
    typeOnly,
  });
  return [
    ...[...code.matchAll(STATIC)].map((m) => make(m.index, m[3], /^\s+type\b/.test(m[1] ?? ''))),
    ...[...code.matchAll(DYNAMIC)].map((m) => make(m.index, m[2], false)),
  ];
}

/** Name of the package behind a specifier; `undefined` for files and built-in modules. */
export function packageOf(specifier: string): string | undefined {
  if (/^[./]|^node:|^[a-z]+:\/\//.test(specifier)) return undefined;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

export const isCode = (path: string): boolean => /\.(ts|js|mjs)$/.test(path);
