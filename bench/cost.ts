import type { Case } from './case.ts';
import { meteredLoop, meteredThreads } from './cost/metered.ts';
import { rateLimit } from './cost/rate-limit.ts';

/** The bench of shared resources: whether rates are kept to, and what counting costs. */
export const COST: readonly Case[] = [rateLimit, meteredLoop, meteredThreads];
