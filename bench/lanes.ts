import type { Case } from './case.ts';
import { cancel } from './cases/cancel.ts';
import { decision } from './cases/decision.ts';
import { digest } from './cases/digest.ts';
import { loadTable } from './cases/load-table.ts';
import { loopMillion } from './cases/loop-million.ts';
import { loop10k, loop300k } from './cases/loop-no-op.ts';
import { startup } from './cases/startup.ts';
import { sync } from './cases/sync.ts';
import { threadsCpu1, threadsCpu10 } from './cases/threads-cpu.ts';
import { threadsIdleRoundTrip } from './cases/threads-idle-round-trip.ts';
import { threadsMixedOpenLoop } from './cases/threads-mixed-open-loop.ts';
import { threadsEcho, threadsNoop } from './cases/threads-tiny-tasks.ts';

/** The bench of the two lanes and of what they stand on, in the order of its report. */
export const LANES: readonly Case[] = [
  threadsNoop,
  threadsEcho,
  threadsCpu1,
  threadsCpu10,
  threadsMixedOpenLoop,
  threadsIdleRoundTrip,
  loop10k,
  loop300k,
  loopMillion,
  cancel,
  loadTable,
  decision,
  sync,
  startup,
  digest,
];
