/**
 * How results are brought together: a monoid, so that parts of them may be combined in any grouping, on any thread,
 * while their order is kept. An accumulator is plain data that can be cloned to a thread.
 *
 * `add` may throw; use `addTo`, which says for which item it did.
 */
export interface Aggregation<I, A, O> {
  /** For messages. */
  readonly name: string;
  /** An empty accumulator, a new one each time. */
  init(): A;
  /**
   * Takes in one more value and returns the accumulator, which may be `into` itself, changed. Values come in the order of
   * their indexes.
   * @param index the value's place among all items, from 0
   */
  add(into: A, value: I, index: number): A;
  /** Brings two together; all indexes of `left` are below those of `right`. Associative. Either may be changed. */
  combine(left: A, right: A): A;
  /** What comes of it. May change `of`, which is not used again. */
  finish(of: A): O;
  /** Present where the aggregation is plain data: threads rebuild it from this. */
  readonly spec?: AggregationSpec;
}

/** An aggregation as plain JSON data. Values are read by paths such as `'score'` or `'meta.score'`. */
export type AggregationSpec =
  | { readonly kind: 'collect'; readonly maxItems?: number }
  | { readonly kind: 'concat'; readonly maxItems?: number }
  | {
      readonly kind: 'merge';
      readonly by?: string;
      readonly similarity?: { readonly of: string; readonly atLeast: number };
      readonly sort?: { readonly by: string; readonly order?: 'asc' | 'desc' };
      readonly limit?: number;
      readonly maxItems?: number;
    }
  | {
      readonly kind: 'stats';
      readonly of?: string;
      readonly percentiles?: readonly number[];
      readonly exactUpTo?: number;
    }
  | {
      readonly kind: 'vote';
      readonly by?: string;
      readonly quorum?: number | 'majority';
      readonly of?: number;
      readonly maxOptions?: number;
    };
