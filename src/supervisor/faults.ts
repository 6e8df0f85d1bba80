import { checkOptions } from '../contract/check-options.ts';
import type { Clock, Random } from '../contract/clock.ts';
import { ConfigError } from '../contract/errors.ts';
import type { Fault, FaultEnd, FaultOptions, ThreadFault } from '../contract/fault.ts';
import { DEFAULTS } from '../contract/options.ts';
import type { AgentEntry } from '../dispatch/agent-entry.ts';
import { LoopFault } from '../lanes/loop-fault.ts';
import type { ThreadLane } from '../lanes/thread-lane.ts';
import type { Registry } from './registry.ts';

/** What faults need to be put in place. */
export interface FaultParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly registry: Registry;
  readonly lane: () => ThreadLane | undefined;
}

const ON_THE_LOOP: readonly FaultOptions['kind'][] = ['errors', 'slow', 'hang'];

/** A fault in place. */
interface Active {
  readonly agent: AgentEntry;
  readonly onLoop: LoopFault | undefined;
  readonly onThreads: ThreadFault | undefined;
}

/** Faults for drills. An agent without one runs its own handler: nothing stands between. */
export class Faults {
  private readonly parts: FaultParts;
  private readonly active = new Set<Active>();
  private readonly ends = new Set<() => void>();
  /** Handlers as they are without any fault. */
  private readonly originals = new WeakMap<AgentEntry, AgentEntry['run']>();

  constructor(parts: FaultParts) {
    this.parts = parts;
  }

  /** @throws ConfigError for wrong options, an unknown agent, and what would take the process. */
  inject(options: FaultOptions): FaultEnd {
    checkOptions('fault', options, 'fault');
    const { registry, clock, random } = this.parts;
    const agent = registry.agents.get(options.agent) ?? registry.resolve(options.agent).agents[0]!;
    this.refuse(agent, options);
    const fault = filledIn(options);
    const isOnLoop = agent.lane === 'loop';
    const active: Active = {
      agent,
      onLoop: isOnLoop ? new LoopFault(fault, clock, random) : undefined,
      onThreads: isOnLoop ? undefined : { fault, ended: new Int32Array(new SharedArrayBuffer(4)) },
    };
    this.active.add(active);
    this.apply(agent);
    return this.endOf(active, options.forMs);
  }

  endAll(): void {
    for (const end of [...this.ends]) end();
  }

  private refuse({ name, lane }: AgentEntry, { kind }: FaultOptions): void {
    if (lane === 'loop' && !ON_THE_LOOP.includes(kind)) {
      const expected = "'errors', 'slow' or 'hang'";
      const message = `fault.kind: expected ${expected}, got '${kind}': agent "${name}" runs on the event loop, and the process would go with it`;
      throw new ConfigError('INVALID_OPTION', 'fault.kind', message, { expected, received: `'${kind}'` });
    }
    if (this.active.size < DEFAULTS.faults.most) return;
    const message = `expected at most ${DEFAULTS.faults.most} faults at once; end some`;
    throw new ConfigError('INVALID_OPTION', 'fault', message);
  }

  private endOf(active: Active, forMs: number | undefined): FaultEnd {
    let cancelTimer = () => {};
    const end = () => {
      if (!this.active.delete(active)) return;
      cancelTimer();
      this.ends.delete(end);
      // Handlers are themselves again before what was held up goes on.
      this.apply(active.agent);
      active.onLoop?.end();
      if (active.onThreads === undefined) return;
      Atomics.store(active.onThreads.ended, 0, 1);
      Atomics.notify(active.onThreads.ended, 0);
    };
    if (forMs !== undefined) cancelTimer = this.parts.clock.schedule(forMs, end, true);
    this.ends.add(end);
    return Object.assign(end, { [Symbol.dispose]: end });
  }

  /** Puts the agent's faults before its handler, or takes the last one away. */
  private apply(agent: AgentEntry): void {
    const own = [...this.active].filter((active) => active.agent === agent);
    if (agent.lane === 'loop') {
      const original = this.originals.get(agent) ?? agent.run;
      this.originals.set(agent, original);
      agent.run = own.reduce((run, { onLoop }) => onLoop!.before(run), original);
      return;
    }
    agent.faults = own.map(({ onThreads }) => onThreads!);
    this.parts.lane()?.roster.putFaults(agent);
  }
}

function filledIn(options: FaultOptions): Fault {
  const { faults } = DEFAULTS;
  const { share = faults.share } = options;
  switch (options.kind) {
    case 'crash':
      return { kind: 'crash', share, how: options.how ?? faults.how };
    case 'hang':
      return { kind: 'hang', share };
    case 'slow':
      return { kind: 'slow', share, delayMs: options.delayMs ?? faults.delayMs };
    case 'errors':
      return { kind: 'errors', share, message: options.message ?? faults.message };
    case 'memory': {
      const { where = faults.where, mb = faults.mb, maxMb = faults.maxMb } = options;
      return { kind: 'memory', share, where, mb, maxMb };
    }
  }
}
