import type { Case, Course, Part } from './case.ts';
import { CONTENDERS, type Contender, HARD_CONTENDERS, SPILLWAY_ADAPTIVE } from './contenders.ts';
import { hardCourses, KNEE, loopAt, loopRecovery, type Size, threadsAt, threadsRecovery } from './courses.ts';
import { SLO_MS } from './objectives.ts';

/** Loads of the table, over capacity. */
export const LOADS = [1.2, 2, 5, 10] as const;
/** Loads at which nothing should be rejected. */
export const LIGHT_LOADS = [0.5, 0.9] as const;
export const KNEES = [12, 16, 24, 36, 64, 100, 150, 250, 400] as const;
export const RECOVERY = 'recovery';
/** `2` is `2x`. */
export const loadName = (load: number) => `${load}x`;

/** Everything that is run, in the order of the report. */
export function plan(size: Size): readonly Case[] {
  return [...loads(size), ...knees(size), ...hard(size)];
}

function loads(size: Size): readonly Case[] {
  return CONTENDERS.flatMap((contender) => {
    const own = contender === SPILLWAY_ADAPTIVE;
    const all = [...(own ? LIGHT_LOADS : []), ...(size === 'tiny' ? [2] : LOADS)];
    return [
      ...all.map((load) => make('loads', contender, loadName(load), threadsAt(load, size))),
      ...(own ? [make('loads', contender, RECOVERY, threadsRecovery())] : []),
      ...all.map((load) => make('loads', contender, loadName(load), loopAt(load, KNEE, size))),
    ];
  });
}

function knees(size: Size): readonly Case[] {
  const swept = size === 'tiny' ? [KNEES[2]] : KNEES;
  const at = size === 'full' ? [0.9, 1.2, 2, 10] : [0.9, 2];
  return swept.flatMap((knee) => [
    ...at.map((load) => make('knees', SPILLWAY_ADAPTIVE, loadName(load), loopAt(load, knee, size))),
    make('knees', SPILLWAY_ADAPTIVE, RECOVERY, loopRecovery(knee)),
  ]);
}

function hard(size: Size): readonly Case[] {
  const contenders = size === 'tiny' ? [SPILLWAY_ADAPTIVE] : HARD_CONTENDERS;
  return Object.entries(hardCourses(size)).flatMap(([name, course]) =>
    contenders.map((contender) => make('hard', contender, name, course)),
  );
}

function make(part: Part, contender: Contender, name: string, course: Course): Case {
  const { recovery, isColdStart, ...scenario } = course;
  return {
    part,
    contender: contender.name,
    name,
    lane: course.lane,
    knee: course.knee ?? KNEE,
    scenario: { ...scenario, sloMs: SLO_MS[course.lane], ...contender.policy(course.lane) },
    course,
  };
}
