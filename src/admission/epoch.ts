/** Adds up what one agent does in the epoch under way. */
export class EpochTally {
  count = 0;
  /** Sum of ln(latency in ms). */
  sumLn = 0;
  sumMs = 0;

  clear(): void {
    this.count = 0;
    this.sumLn = 0;
    this.sumMs = 0;
  }
}

/** What one agent did in an epoch. */
interface Sample {
  readonly count: number;
  /** Mean of ln(latency in ms). */
  readonly g: number;
  readonly meanMs: number;
}

/** Agents' samples of one stretch of completions, or of several added up, and what they say about latency. */
export class Epoch {
  /** Mean number in flight. */
  readonly n: number;
  readonly count: number;
  private readonly agents: ReadonlyMap<EpochTally, Sample>;

  /** In flight times time, in milliseconds. */
  private readonly slotMs: number;

  private constructor(n: number, slotMs: number, agents: ReadonlyMap<EpochTally, Sample>) {
    this.n = n;
    this.slotMs = slotMs;
    this.agents = agents;
    let count = 0;
    for (const sample of agents.values()) count += sample.count;
    this.count = count;
  }

  static of(n: number, slotMs: number, tallies: Iterable<EpochTally>): Epoch {
    const samples = new Map<EpochTally, Sample>();
    for (const tally of tallies) {
      const { count, sumLn, sumMs } = tally;
      if (count > 0) samples.set(tally, { count, g: sumLn / count, meanMs: sumMs / count });
    }
    return new Epoch(n, slotMs, samples);
  }

  /** This one, and the agents that are new in a later one, less what that one is known to be slower by. */
  with(later: Epoch, slowness: number): Epoch {
    let samples: Map<EpochTally, Sample> | undefined;
    for (const [agent, { count, g, meanMs }] of later.agents) {
      if (this.agents.has(agent)) continue;
      samples ??= new Map(this.agents);
      samples.set(agent, { count, g: g - slowness, meanMs: meanMs * Math.exp(-slowness) });
    }
    return samples === undefined ? this : new Epoch(this.n, this.slotMs, samples);
  }

  /**
   * By how much calls are slower than at `base`, as a natural logarithm; 0 if they have no agent in common. Each agent is
   * compared with itself, so a change of the mix is no change of the latency.
   */
  slowerThan(base: Epoch): number {
    return 0.5 * (this.longerThan(base) + this.fewerThan(base));
  }

  /** By the latencies of the calls that ended, which tell of the past. */
  private longerThan(base: Epoch): number {
    let sum = 0;
    let weights = 0;
    for (const [agent, sample] of this.agents) {
      const before = base.agents.get(agent);
      if (before === undefined) continue;
      // As many as both have: a rare agent's mean is mostly noise.
      const weight = (sample.count * before.count) / (sample.count + before.count);
      sum += weight * (sample.g - before.g);
      weights += weight;
    }
    return weights === 0 ? 0 : sum / weights;
  }

  /** By how few calls ended for the time that calls were in flight, which tells of now. */
  fewerThan(base: Epoch): number {
    let workMs = 0;
    for (const [agent, sample] of this.agents)
      workMs += sample.count * (base.agents.get(agent) ?? sample).meanMs;
    return Math.log(this.slotMs / workMs);
  }
}
