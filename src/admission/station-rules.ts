/** What the options say for all stations. */
export interface StationRules {
  /** Slots that only tasks of high priority may take. */
  readonly reserved: number;
  /** Share of the slots that low priority gets in any case. */
  readonly lowShare: number;
  /** Weights of tenants that do not have 1. */
  readonly weights: Readonly<Record<string, number>>;
}
