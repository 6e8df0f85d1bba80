import type { EngineStats } from '../../src/contract/stats.ts';
import type { Endings, Finding, Replay } from './checker.ts';
import { CODES } from './kinds.ts';

const CODES_OF_FAILURE = [...CODES, 'another'] as const;

const UNSURE: ReadonlySet<string> = new Set(['drill', 'isolated']);

/** Threads that are gone, and why. */
export interface Gone {
  readonly deaths: number;
  /** No longer needed. */
  readonly givenUp: number;
  readonly recycled: number;
}

/** Holds what the engine says at the end against what the log and the handlers say. */
export function countFindings(stats: EngineStats, said: Replay, gone: Gone): readonly Finding[] {
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
  const sheds = Object.values(stats.admission.shed).reduce((sum, count) => sum + count, 0);
  expect('tasks shed', sheds, said.endings.rejected);
  for (const { name, inFlight, counts } of stats.agents) {
    expect(`agent "${name}" in flight at the end`, inFlight, 0);
    const endings = said.endingsOf[name];
    expect(`agent "${name}" completed`, counts.completed, endings?.completed ?? 0);
    expect(`attempts of agent "${name}" that failed`, counts.failed, said.failedOf[name] ?? 0);
  }
  for (const { name, running, waiting } of stats.admission.limits) {
    expect(`running on "${name}" at the end`, running, 0);
    expect(`waiting for "${name}" at the end`, waiting, 0);
  }
  findings.push(...loadTableFindings(stats, said, gone));
  return findings;
}

/** What threads wrote into the load table, those that are dead as well, against what their handlers wrote themselves. */
function loadTableFindings(stats: EngineStats, { begunOf }: Replay, gone: Gone): readonly Finding[] {
  const slots = [...stats.threads, stats.retired];
  const started = slots.reduce((sum, slot) => sum + slot.started, 0);
  const ended = slots.reduce((sum, slot) => sum + slot.completed + slot.failed, 0);
  const onThreads = stats.agents.filter(({ lane }) => lane === 'threads');
  const begun = onThreads.reduce((sum, { name }) => sum + (begunOf[name] ?? 0), 0);
  // A fault may strike before the handler, and a child process may be lost before it: these attempts are not all begun.
  const unsure = onThreads.filter(({ name }) => UNSURE.has(name));
  const unbegun = unsure.reduce((sum, { counts }) => sum + counts.failed + counts.cancelled, 0);
  const { deaths, givenUp, recycled } = gone;
  const findings: Finding[] = [];
  const found = (message: string) => findings.push({ rule: 'counts', message });
  if (started < begun || started > begun + unbegun)
    found(
      `the load table says that ${started} attempts started, the handlers ${begun}, and ${unbegun} may have failed before`,
    );
  // A thread that dies takes at most the attempt along that it was at.
  if (ended > started || ended < started - deaths) {
    found(`the load table says that ${ended} of ${started} attempts ended, and ${deaths} threads died`);
  }
  const { threads } = stats.retired;
  if (
    stats.restarts !== deaths + recycled ||
    threads < stats.restarts ||
    threads > stats.restarts + givenUp + stats.standIns
  ) {
    found(
      `the engine says that ${stats.restarts} of ${threads} threads were replaced; ${deaths} deaths were seen, ${recycled} were recycled, ${givenUp} were given up, ${stats.standIns} stood by`,
    );
  }
  return findings;
}

export function failuresIn(endings: Endings | undefined): number {
  return endings === undefined ? 0 : CODES_OF_FAILURE.reduce((sum, code) => sum + endings[code], 0);
}
