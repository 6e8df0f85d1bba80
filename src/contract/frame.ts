/**
 * What a batch of payloads looks like on the wire between threads.
 *
 * Sending each small payload by the structured clone algorithm costs about as much as everything else a task needs
 * together, and sending several as one array lets tasks see each other's objects when they share one. A frame avoids
 * both: every *flat* payload is written on its own as a run of small integers, and only four values cross.
 *
 * ```
 *  objects   {id: 7, ok: true, tags: ["a"], text: "a long text ..."}
 *  ops       OBJECT 0 │ INT 7 │ TRUE │ ARRAY 1 SHORT+1 │ LONG
 *  shapes    0: [id, ok, tags, text]
 *  text      "a"                       strings of up to 12 characters, joined
 *  strings   ["a long text ..."]       the others, copied whole
 *  numbers   []                        what is not a small integer
 * ```
 *
 * Flat means: primitives but symbols and bigints, dates, plain objects and arrays that form a tree of at most
 * `MAX_NODES` nodes and `MAX_OPS` values. For those the result equals that of `structuredClone`. Anything else
 * travels alone, by structured clone.
 */
export interface Frame {
  readonly ops: Int32Array;
  readonly numbers: Float64Array | undefined;
  readonly text: string;
  readonly strings: readonly string[] | undefined;
  readonly shapes: readonly (readonly string[])[] | undefined;
}

/** Codes in `Frame.ops`. A code of `SHORT` and above is a short string of `code - SHORT` characters. */
export const OP = {
  INT: 0,
  NUMBER: 1,
  TRUE: 2,
  FALSE: 3,
  NULL: 4,
  UNDEFINED: 5,
  LONG: 6,
  ARRAY: 7,
  OBJECT: 8,
  DATE: 9,
  SHORT: 16,
} as const;

/** V8 copies substrings below 13 characters; longer ones would keep the text of the whole batch alive. */
export const MAX_SHORT = 12;
/** Most objects and arrays in a flat payload: few enough to compare each with all others. */
export const MAX_NODES = 16;
/** Most codes of a flat payload; beyond it the structured clone is as fast. */
export const MAX_OPS = 1_024;
/** Longest flat array. */
export const MAX_ARRAY = 64;
