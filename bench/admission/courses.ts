import type { Course } from './case.ts';

/** `full` gives the figures, `quick` a first look, `tiny` only shows that everything works. */
export type Size = 'full' | 'quick' | 'tiny';

/** What a run's length is multiplied by. */
const LENGTH = { full: 1, quick: 0.5, tiny: 0.1 } as const;
export const KNEE = 64;
/** The knee after it has fallen. */
const LOWER_KNEE = 24;
const FALL = LOWER_KNEE / KNEE;

/** A load that stays, on the threads lane. */
export function threadsAt(load: number, size: Size): Course {
  const fromS = 5;
  return { lane: 'threads', load: () => load, fromS, durationS: fromS + 80 * LENGTH[size] };
}

/** A load that stays, on the loop lane. A small knee takes longer to serve as many. */
export function loopAt(load: number, knee: number, size: Size): Course {
  const fromS = 60;
  const lengthS = Math.min(480, Math.max(120, (240 * KNEE) / knee));
  return {
    lane: 'loop',
    knee,
    load: () => load,
    fromS,
    durationS: fromS + Math.ceil(lengthS * LENGTH[size]),
  };
}

/** After 5x for a while back to 0.5x. */
export function threadsRecovery(): Course {
  return recovery('threads', 5, 10);
}

export function loopRecovery(knee: number): Course {
  return { ...recovery('loop', 90, 60), knee };
}

function recovery(lane: Course['lane'], fallsAtS: number, watchedS: number): Course {
  const toS = fallsAtS + watchedS;
  return {
    lane,
    load: (s) => (s < fallsAtS ? 5 : 0.5),
    fromS: fallsAtS,
    durationS: toS,
    recovery: { fromS: fallsAtS, toS },
  };
}

/** Where nobody is good yet, on the loop lane. Measured from the moment at which it gets hard. */
export function hardCourses(size: Size): Readonly<Record<string, Course>> {
  const at = Math.ceil(120 * Math.max(0.2, LENGTH[size]));
  const after = Math.ceil(150 * LENGTH[size]);
  const from = { lane: 'loop', fromS: at, durationS: at + after } as const;
  const turn = Math.ceil(180 * LENGTH[size]);
  return {
    'step to 5x': { ...from, load: (s) => (s < at ? 0.9 : 5) },
    // 1.5x of what there is before, 4x of what is left.
    'knee 64 to 24': {
      ...from,
      load: () => 1.5,
      events: [{ atS: at, knee: LOWER_KNEE }],
      capacity: (s) => (s < at ? 1 : FALL),
    },
    'knee 64 to 24, load too': {
      ...from,
      load: (s) => (s < at ? 1.5 : 1.5 * FALL),
      events: [{ atS: at, knee: LOWER_KNEE }],
      capacity: (s) => (s < at ? 1 : FALL),
    },
    // Two agents, of half and of twice the service time; which of them most tasks are for changes again and again.
    'mix flip': {
      lane: 'loop',
      load: () => 2,
      fromS: Math.min(60, turn),
      durationS: 4 * turn,
      mix: {
        factors: [0.5, 2],
        pick: (s, draw) => ((Math.floor(s / turn) % 2 === 0) === draw < 0.8 ? 0 : 1),
      },
    },
    // Every call takes four times as long, whatever we do: 6x of what is left.
    'slow-down x4': {
      ...from,
      durationS: at + 2 * after,
      load: () => 1.5,
      events: [{ atS: at, slowdown: 4 }],
      capacity: (s) => (s < at ? 1 : 0.25),
    },
    'slow-down x4, load too': {
      ...from,
      durationS: at + 2 * after,
      load: (s) => (s < at ? 1.5 : 1.5 / 4),
      events: [{ atS: at, slowdown: 4 }],
      capacity: (s) => (s < at ? 1 : 0.25),
    },
    'cold start at 2x': { lane: 'loop', load: () => 2, fromS: 0, durationS: 2 * after, isColdStart: true },
    recovery: loopRecovery(KNEE),
    // 10x for 5 s, once a minute.
    burst: { ...from, load: (s) => (s % 60 >= 30 && s % 60 < 35 ? 10 : 0.5), fromS: 0, durationS: 2 * after },
    // Goes on if the retries of what was rejected, or given up, keep the load above 1.
    'retry storm': {
      lane: 'loop',
      load: (s) => (s < 60 ? 1.2 : 0.7),
      fromS: 60,
      durationS: 60 + 2 * after,
      retries: { most: 5, backoffMs: 1_000 },
      recovery: { fromS: 60, toS: 60 + 2 * after },
    },
  };
}
