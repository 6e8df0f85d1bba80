/** Something that agents draw on together, such as one API key. The rates hold over any window, not over clock minutes. */
export interface ResourceOptions {
  /** Calls in flight at once, at most. Default: no limit. */
  readonly concurrency?: number;
  /** Calls started a minute, at most. Default: what the provider's headers say, if they are reported. */
  readonly requestsPerMinute?: number;
  /** Tokens of input and output a minute, at most, counted when the call starts. Default as above. */
  readonly tokensPerMinute?: number;
  /**
   * Length of the windows in which the rates hold, in milliseconds, up to a minute. In a shorter one less may start at
   * once: 600 requests a minute over 1,000 ms are 10 in any second. Default 60,000.
   */
  readonly windowMs?: number;
  /** What it costs, for calls that do not report `costUsd` themselves. Default: nothing. */
  readonly costPerUnit?: CostPerUnit;
}

/** Prices in US dollars. */
export interface CostPerUnit {
  /** Of one call. */
  readonly requestUsd?: number;
  /** Of a million tokens of input. */
  readonly millionInputTokensUsd?: number;
  /** Of a million tokens of output. */
  readonly millionOutputTokensUsd?: number;
}

/** How much may be spent, and by whom. At least one of `usd` and `tokens`. */
export interface BudgetOptions {
  /** What events and statistics call it. Default: made of whom it is for. */
  readonly name?: string;
  /** Only tasks of this tenant; `*` gives each tenant a budget of its own. Default: all tasks. */
  readonly tenant?: string;
  /** Only tasks of this workflow (the task option); `*` gives each workflow a budget of its own. Default: all tasks. */
  readonly workflow?: string;
  /** `day`: anew each day (UTC). `total`: once, as long as the engine lives. Default `total`. */
  readonly per?: 'day' | 'total';
  /** In US dollars. 0 turns all of its tasks away. */
  readonly usd?: number;
  /** Tokens of input and output. 0 turns all of its tasks away. */
  readonly tokens?: number;
}
