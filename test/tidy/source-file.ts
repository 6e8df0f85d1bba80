import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of the project. */
export interface SourceFile {
  /** Relative to the project's root, with `/` between the parts. */
  readonly path: string;
  readonly text: string;
}

/** A rule gives a line for every place that breaks it: `path:line: what to do`. */
export type Rule = (files: readonly SourceFile[]) => string[];

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What `.gitignore` names, and git's own folder. */
const IGNORED = /^(\.git|node_modules|dist|spillway-out|coverage)$|\.(tgz|cpuprofile|heapprofile)$/;

/** All text files of the project. Works without git, as in an unpacked archive. */
export function readProject(folder = ''): SourceFile[] {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true });
  return entries.flatMap((entry): SourceFile[] => {
    const path = folder + entry.name;
    if (IGNORED.test(entry.name)) return [];
    if (entry.isDirectory()) return readProject(`${path}/`);
    const text = entry.isFile() ? readFileSync(join(ROOT, path), 'utf8') : '\0';
    return text.includes('\0') ? [] : [{ path, text }];
  });
}

/**
 * The text without its comments, line for line. Knows the comments that the formatter leaves: a block comment starts
 * its line, and a line comment has a space on both sides.
 */
export function withoutComments(text: string): string {
  return text.replace(/^[ \t]*\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/(?= |$).*$/gm, (comment) =>
    comment.replace(/[^\n]/g, ''),
  );
}

/** Number of the line that the character is in, from 1. */
export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
