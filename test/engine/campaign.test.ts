import { expect, it } from 'vitest';
import { runCampaign } from './campaign.ts';

/** SPILLWAY_SEED repeats a campaign; SPILLWAY_TASKS makes it longer. */
const seed = Number(process.env.SPILLWAY_SEED ?? Date.now() % 1_000_000);
const tasks = Number(process.env.SPILLWAY_TASKS ?? 5_000);

it('every task of a random mixture ends in exactly one way, and a right one', {
  timeout: 90_000,
}, async () => {
  const report = await runCampaign({ seed, tasks, crashes: 4, deadlineMs: 60_000 });
  console.info(`campaign of seed ${seed}: ${JSON.stringify({ ...report, faults: report.faults.length })}`);
  expect(report.faults.slice(0, 20), `SPILLWAY_SEED=${seed}`).toEqual([]);
});
