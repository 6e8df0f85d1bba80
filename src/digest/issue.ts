import { getSystemErrorMap } from 'node:util';
import type { ErrorCode } from '../contract/errors.ts';
import { DIGEST_BOUNDS } from './options.ts';

/** What can be wrong with one file of the corpus. */
export const FILE_CODES = {
  FILE_NOT_FOUND: 'there is no such file',
  FILE_NO_MATCH: 'a glob pattern matches no file',
  FILE_NOT_PERMITTED: 'the file or folder may not be read',
  FILE_NOT_REGULAR: 'it is neither a file nor a folder',
  FILE_BINARY: 'the file is not UTF-8 text',
  FILE_UNREADABLE: 'reading the file failed',
} as const;

export type FileCode = keyof typeof FILE_CODES;

/** Something that went wrong without ending the run. */
export interface DigestIssue {
  /** As the user named it, or relative to the working directory. */
  readonly file?: string;
  /** Number of the chunk in its file, from 0. */
  readonly chunk?: number;
  readonly agent?: string;
  readonly code: ErrorCode | FileCode;
  readonly message: string;
  /** What to do about it. */
  readonly suggestion: string;
}

/** Issues in order of occurrence. Keeps a bounded number and counts the rest. */
export class IssueList {
  readonly listed: DigestIssue[] = [];
  count = 0;

  add(issue: DigestIssue): void {
    this.count += 1;
    if (this.listed.length < DIGEST_BOUNDS.errorsListed) this.listed.push(issue);
  }

  /** How many were counted but not kept. */
  get unlisted(): number {
    return this.count - this.listed.length;
  }
}

const CODE_OF: Readonly<Record<string, FileCode>> = {
  ENOENT: 'FILE_NOT_FOUND',
  ENOTDIR: 'FILE_NOT_FOUND',
  EACCES: 'FILE_NOT_PERMITTED',
  EPERM: 'FILE_NOT_PERMITTED',
};

const SUGGESTION_OF: Readonly<Record<string, string>> = {
  ENOENT: 'check the path; a symbolic link may point to nothing',
  ENOTDIR: 'check the path; a part of it is a file',
  EACCES: 'give yourself read permission, or leave it out',
  EPERM: 'give yourself read permission, or leave it out',
  ELOOP: 'repair the symbolic link: it points to itself',
  EMFILE: 'raise the limit of open files (ulimit -n)',
};

/** The issue behind an error of the file system. */
export function fileIssue(file: string, error: unknown, chunk?: number): DigestIssue {
  const { code = '', errno = 0, message } = error as NodeJS.ErrnoException;
  const [, reason = message ?? String(error)] = getSystemErrorMap().get(errno) ?? [];
  return {
    file,
    ...(chunk === undefined ? {} : { chunk }),
    code: CODE_OF[code] ?? 'FILE_UNREADABLE',
    message: `${file} cannot be read: ${reason}`,
    suggestion: SUGGESTION_OF[code] ?? 'check the disk and try again',
  };
}
