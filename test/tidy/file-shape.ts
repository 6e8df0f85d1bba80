import { isCode } from './imports.ts';
import type { Rule } from './source-file.ts';

const MAX_LINES = 300;
/** Names of drawers, not of concepts. */
const DRAWER = /(^|\/)(utils?|common|helpers?|types|misc|shared)(\/|\.[a-z]+$)/;

/** A file is short enough to be read. */
export const shortFiles: Rule = (files) =>
  files
    .filter(({ path }) => isCode(path) && /^(src|workers|bench|test)\//.test(path))
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > MAX_LINES)
    .map(({ path, lines }) => `${path}:${lines}: has ${lines} lines; split it, ${MAX_LINES} is the most`);

/** A file is named by the concept in it. */
export const noDrawers: Rule = (files) =>
  files
    .filter(({ path }) => isCode(path) && DRAWER.test(path))
    .map(({ path }) => `${path}:1: name the file by the concept in it`);
