import { createHash } from 'node:crypto';
import { SpillwayError } from '../contract/errors.ts';
import { describe } from '../contract/option-issue.ts';

/** What a resume token says. */
export interface ResumeToken {
  readonly run: string;
  readonly workflow: string;
  /** Of the definition. */
  readonly hash: string;
  /** How many events of the run there were: the journal has to have at least those. */
  readonly version: number;
}

const FORM = 'spillway-run';
const FORM_VERSION = 1;

/** As text to carry about: form and its version, content, checksum. The checksum finds mistakes; it keeps nobody out. */
export function writeToken({ run, workflow, hash, version }: ResumeToken): string {
  const content = Buffer.from(JSON.stringify([run, workflow, hash, version])).toString('base64url');
  const head = `${FORM}-${FORM_VERSION}.${content}`;
  return `${head}.${checksumOf(head)}`;
}

/** @throws SpillwayError `WORKFLOW_TOKEN` for anything but what `writeToken` gave */
export function readToken(token: unknown): ResumeToken {
  if (typeof token !== 'string')
    throw wrongToken(`expected the text that checkpoint() or stop() gave, got ${describe(token)}`);
  const [form = '', content, checksum, ...more] = token.split('.');
  const formVersion = /^spillway-run-(\d+)$/.exec(form)?.[1];
  if (formVersion === undefined)
    throw wrongToken(`expected a text that begins with "${FORM}-", got ${describe(token)}`);
  if (Number(formVersion) !== FORM_VERSION) {
    throw wrongToken(
      `expected form ${FORM_VERSION}, got ${formVersion}; resume with the version of Spillway that made it`,
    );
  }
  const isWhole = content !== undefined && checksum === checksumOf(`${form}.${content}`) && more.length === 0;
  if (!isWhole) {
    throw wrongToken('its checksum does not match: it was truncated or changed; copy it again, as a whole');
  }
  return contentOf(Buffer.from(content, 'base64url').toString());
}

/** Anybody can write a checksum. */
function contentOf(text: string): ResumeToken {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw wrongToken(`expected what checkpoint() or stop() gave, got ${describe(text)} in it`, error);
  }
  const [run, workflow, hash, version, ...more] = Array.isArray(content) ? content : [];
  const isText = [run, workflow, hash].every((one) => typeof one === 'string');
  if (isText && Number.isSafeInteger(version) && version >= 0 && more.length === 0) {
    return { run, workflow, hash, version };
  }
  throw wrongToken(`expected run, workflow, definition and position in it, got ${describe(content)}`);
}

export function wrongToken(why: string, cause?: unknown): SpillwayError {
  return new SpillwayError('WORKFLOW_TOKEN', `resume token: ${why}`, cause === undefined ? {} : { cause });
}

function checksumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
