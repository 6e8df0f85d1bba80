import type { EngineStats } from '../../src/contract/stats.ts';
import type { Endings, Finding, Replay } from './checker.ts';

const CODES_OF_FAILURE = [
  'HANDLER_FAILED',
  'TIMEOUT',
  'WORKER_LOST',
  'RESULT_NOT_CLONEABLE',
  'another',
] as const;

/**
 * Holds what the engine says at the end against what the log and the handlers say.
 * @param givenUp threads that were no longer needed
 */
export function countFindings(
  stats: EngineStats,
  said: Replay,
  deaths: number,
  givenUp: number,
): readonly Finding[] {
  const findings: Finding[] = [];
  const expect = (what: string, engine: number, expected: number) => {
    if (engine === expected) return;
    findings.push({
      rule: 'counts',
      message: `${what}: the engine says ${engine}, it has to be ${expected}`,
    });
  };
  const { tasks } = stats;
  expect('tasks waiting at the end', tasks.waiting, 0);
  expect('tasks running at the end', tasks.running, 0);
  expect('tasks submitted', tasks.submitted, said.submitted);
  expect('tasks completed', tasks.completed, said.endings.completed);
  expect('tasks failed', tasks.failed, failuresIn(said.endings));
  expect('tasks cancelled', tasks.cancelled, said.endings.cancelled);
  expect('tasks rejected', tasks.rejected, said.endings.rejected);
  for (const { name, inFlight, counts } of stats.agents) {
    expect(`agent "${name}" in flight at the end`, inFlight, 0);
    const endings = said.endingsOf[name];
    expect(`agent "${name}" completed`, counts.completed, endings?.completed ?? 0);
    expect(`agent "${name}" failed`, counts.failed, endings === undefined ? 0 : failuresIn(endings));
  }
  for (const { name, running, waiting } of stats.admission.limits) {
    expect(`running on "${name}" at the end`, running, 0);
    expect(`waiting for "${name}" at the end`, waiting, 0);
  }
  findings.push(...loadTableFindings(stats, said, deaths, givenUp));
  return findings;
}

/** What threads wrote into the load table, those that are dead as well, against what their handlers wrote themselves. */
function loadTableFindings(
  stats: EngineStats,
  { begunOf }: Replay,
  deaths: number,
  givenUp: number,
): readonly Finding[] {
  const slots = [...stats.threads, stats.retired];
  const started = slots.reduce((sum, slot) => sum + slot.started, 0);
  const ended = slots.reduce((sum, slot) => sum + slot.completed + slot.failed, 0);
  const onThreads = stats.agents.filter(({ lane }) => lane === 'threads');
  const begun = onThreads.reduce((sum, { name }) => sum + (begunOf[name] ?? 0), 0);
  const findings: Finding[] = [];
  const found = (message: string) => findings.push({ rule: 'counts', message });
  if (started !== begun) found(`the load table says that ${started} attempts started, the handlers ${begun}`);
  // A thread that dies takes at most the attempt along that it was at.
  if (ended > started || ended < started - deaths) {
    found(`the load table says that ${ended} of ${started} attempts ended, and ${deaths} threads died`);
  }
  const gone = stats.retired.threads;
  if (stats.restarts !== deaths || gone < deaths || gone > deaths + givenUp) {
    found(
      `the engine says that ${stats.restarts} of ${gone} threads died, and ${deaths} deaths were seen, ${givenUp} were given up`,
    );
  }
  return findings;
}

function failuresIn(endings: Endings): number {
  return CODES_OF_FAILURE.reduce((sum, code) => sum + endings[code], 0);
}
