/**
 * Acceptance: ten tasks on six agents, of which one is broken and replaced by its fallback. Run as a program it is held
 * against what was promised; it ends with exit code 1 if anything is not so:
 *
 *   node examples/acceptance.mjs
 *
 * As a workflow alone: spillway run examples/acceptance.mjs
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { createEngine, ioAgent, workflow } from 'spillway';

/** How long each task waits for its model, in milliseconds. */
const TASK_MS = 150;
const REGIONS = ['north', 'south', 'east', 'west'];

async function model(ctx, value) {
  await sleep(TASK_MS, undefined, { signal: ctx.signal });
  return value;
}

export const agents = [
  ioAgent('sensors', {
    run: (region, ctx) => {
      if (region === 'east') throw new Error('the sensors of the east are down');
      return model(ctx, { region, from: 'sensors', readings: [1, 2, 3].map((n) => n * region.length) });
    },
    fallback: ['archive'],
  }),
  ioAgent('archive', {
    run: (region, ctx) => model(ctx, { region, from: 'archive', readings: [4, 4, 4] }),
  }),
  ioAgent('analyst', {
    run: ({ region, from, readings }, ctx) =>
      model(ctx, { region, from, mean: readings.reduce((sum, one) => sum + one, 0) / readings.length }),
  }),
  ioAgent('auditor', {
    run: ({ region, from, readings }, ctx) =>
      model(ctx, { region, from, mean: readings.reduce((sum, one) => sum + one / readings.length, 0) }),
  }),
  ioAgent('editor', { run: (parts, ctx) => model(ctx, Object.values(parts)) }),
  ioAgent('writer', {
    run: (parts, ctx) =>
      model(ctx, {
        regions: parts.length,
        lines: parts.map(({ region, mean }) => `${region}: ${mean.toFixed(2)}`),
      }),
  }),
];

/** Four regions are read and worked on side by side, then brought together and written up: ten tasks. */
function acceptance(id, concurrency) {
  let building = workflow(id, { agents, concurrency });
  for (const [at, region] of REGIONS.entries()) {
    building = building
      .step(`read-${region}`, { agent: 'sensors', input: () => region })
      .step(`judge-${region}`, { after: `read-${region}`, agent: at % 2 === 0 ? 'analyst' : 'auditor' });
  }
  return building
    .step('edit', { after: REGIONS.map((region) => `judge-${region}`), agent: 'editor' })
    .step('write', { after: 'edit', agent: 'writer' })
    .build();
}

export default acceptance('acceptance', 100);

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await main();

async function main() {
  const engine = await createEngine({ agents });
  const checks = [];
  const check = (what, holds) => checks.push({ what, holds });
  const timed = async (definition) => {
    const startedMs = performance.now();
    const result = await (await engine.start(definition, null)).result();
    return { result, ms: performance.now() - startedMs };
  };
  const parallelWorkflow = acceptance('parallel', 100);
  const sequential = await timed(acceptance('sequential', 1));
  const parallel = await timed(parallelWorkflow);
  const ratio = parallel.ms / sequential.ms;
  console.log(`sequential ${sequential.ms.toFixed(0)} ms, parallel ${parallel.ms.toFixed(0)} ms`);
  check(`in under half of the sequential time: ${ratio.toFixed(2)} of it`, ratio < 0.5);

  const { status, data, metadata } = parallel.result;
  check(`ten tasks: ${metadata.tasks}`, metadata.tasks === 10);
  check(`on at least four agents: ${metadata.agents.join(', ')}`, metadata.agents.length >= 4);
  check('the broken agent was replaced by its fallback', metadata.agents.includes('archive'));
  check(
    `the result is valid and complete: ${status}, ${data.write.lines.join(', ')}`,
    isComplete(parallel.result),
  );
  check('and the same as one after the other', same(data, sequential.result.data));

  await control(engine, parallelWorkflow, data, check);
  await engine.close();
  for (const { what, holds } of checks) console.log(`${holds ? 'ok    ' : 'FAILED'} ${what}`);
  if (!checks.every(({ holds }) => holds)) process.exitCode = 1;
}

/** Starts, pauses, resumes, stops and resumes a run while it is under way. */
async function control(engine, definition, expected, check) {
  const run = await engine.start(definition, null, { id: 'controlled' });
  check('start: the run goes on at once', run.state === 'running' && run.status().counts.active === 4);
  check(
    'start of the same id gives the same run',
    run === (await engine.start(definition, null, { id: 'controlled' })),
  );
  await run.pause();
  await until(run, (status) => status.counts.active === 0);
  const paused = run.status();
  check(
    `pause: what ran has ended, nothing new has started: ${paused.percent.toFixed(0)} %`,
    paused.counts.completed === 4,
  );
  await run.resume();
  check('resume: the run goes on', run.state === 'running' && run.status().counts.active === 4);
  await run.stop();
  const { counts } = run.status();
  check(
    'stop: answered once what ran has ended',
    run.state === 'stopped' && counts.active === 0 && counts.completed === 8,
  );
  await run.resume();
  const result = await run.result();
  check(
    'resume after stop: the run ends as it would have',
    result.status === 'success' && same(result.data, expected),
  );
  check('its progress says so', run.status().percent === 100);
}

/** Resolves when the status is like that, looking after each event. */
async function until(run, holds) {
  for await (const _ of run.events()) if (holds(run.status())) return;
}

function isComplete({ status, data, errors }) {
  const { regions, lines } = data.write;
  const named = REGIONS.every((region) => lines.some((line) => line.startsWith(`${region}: `)));
  return status === 'success' && errors.length === 0 && regions === REGIONS.length && named;
}

function same(left, right) {
  return JSON.stringify(left) === JSON.stringify(right);
}
