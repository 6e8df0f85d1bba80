/** What the search for an upstream's limit is doing. Each state has what it needs. */
export type Phase =
  /** Doubles until latency says that it was too much. */
  | { readonly kind: 'climbing' }
  /** Follows the knee. */
  | { readonly kind: 'tracking'; readonly epochs: number; readonly isSure: boolean }
  /** Is below the limit `from` for an epoch, so that the fit knows what calls take there. */
  | { readonly kind: 'looking'; readonly from: number }
  /** Latency jumped: looks again, at the same limit, for the epoch that showed it may lie astride the change. */
  | { readonly kind: 'confirming'; readonly epochs: number; readonly isSure: boolean }
  /** It did jump: has halved the limit from `from` to see whether that is our doing. */
  | { readonly kind: 'testing'; readonly from: number; readonly n: number; readonly slowness: number };
