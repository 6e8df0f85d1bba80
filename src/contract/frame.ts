/**
 * What a batch of payloads looks like on the wire between threads.
 *
 * Sending each small payload by the structured clone algorithm costs about as much as everything else a task needs
 * together, and sending several as one array lets tasks see each other's objects when they share one. A frame avoids
 * both: every *flat* payload is written on its own as a run of small integers. They lie in shared memory, the mailbox
 * of the batch, if it has room for them; only texts and the names of keys cross in the message.
 *
 * ```
 *  objects   {id: 7, ok: true, tags: ["a"], text: "a text"}   {id: 8, ok: true, tags: ["a"], text: "another"}
 *  codes     OBJECT 0 │ INT 7 │ TRUE │ ARRAY 1 STRING+0 │ STRING+1   OBJECT 0 │ INT 8 │ TRUE │ ARRAY 1 STRING+0 │ STRING+2
 *  shapes    0: [id, ok, tags, text]
 *  strings   0: "a"  1: "a text"  2: "another"     one that repeats at the same place is sent once
 * ```
 * A number that is not a small integer is written as the two halves of its eight bytes.
 *
 * Flat means: primitives but symbols and bigints, dates, plain objects and arrays that form a tree of at most
 * `MAX_NODES` nodes and `MAX_CODES` codes. For those the result equals that of `structuredClone`. Anything else
 * travels alone, by structured clone.
 */
export interface Frame {
  /** Left out if the codes are in the mailbox. */
  readonly codes?: Int32Array;
  readonly strings?: readonly string[];
  readonly shapes?: readonly (readonly string[])[];
}

/** Codes of a frame. A code of `STRING` and above stands for string number `code - STRING`. */
export const OP = {
  INT: 0,
  NUMBER: 1,
  TRUE: 2,
  FALSE: 3,
  NULL: 4,
  UNDEFINED: 5,
  ARRAY: 6,
  OBJECT: 7,
  DATE: 8,
  STRING: 16,
} as const;

/** Longer strings are not compared with the one before: it would cost more than it saves. */
export const MAX_REPEATED = 64;
/** Most objects and arrays in a flat payload: few enough to compare each with all others. */
export const MAX_NODES = 16;
/** Most codes of a flat payload; beyond it the structured clone is as fast. */
export const MAX_CODES = 1_024;
/** Longest flat array. */
export const MAX_ARRAY = 64;
