import type { Case } from './case.ts';
import { isolated } from './cases/isolated.ts';
import { goodput } from './cases/threads-goodput.ts';
import { stallReplaced } from './cases/threads-stall.ts';

/** The bench of threads that misbehave, in the order of its report. */
export const THREADS_FAILURE: readonly Case[] = [stallReplaced, goodput, isolated];
