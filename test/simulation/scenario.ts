import { cpuAgent, ioAgent } from '../../src/contract/agent.ts';
import type { Clock } from '../../src/contract/clock.ts';
import type { Limit } from '../../src/contract/limit.ts';
import { Clients, type Request, type Retries } from './clients.ts';
import { Measurement, type Result } from './measurement.ts';
import { isCompleted, Simulation } from './simulation.ts';
import { UpstreamModel } from './upstream-model.ts';
import { type LaneName, MEAN_MS, type Mix, ONE_AGENT, PRIORITIES } from './workload.ts';

/** Who decides in a run, and what it is given. */
export interface Policy {
  /** Decides for all tasks; the adaptive policy if left out. */
  readonly limit?: (clock: Clock) => Limit;
  /** Tasks that may wait. Default 10,000. */
  readonly queueLimit?: number;
  /** First come, first served: priorities count at the door only. Default: as the engine does it. */
  readonly isFifo?: boolean;
  /** Calls that may run at once. */
  readonly concurrency?: number;
}

export interface Scenario extends Policy {
  readonly lane: LaneName;
  readonly seed: number;
  readonly sloMs: number;
  /** Offered over capacity, at a moment of the run, in seconds. */
  readonly load: (atS: number) => number;
  readonly durationS: number;
  /** What is measured, in seconds: whole windows. */
  readonly fromS: number;
  readonly toS?: number;
  /** Calls that the upstream serves at full speed. Default 64. */
  readonly knee?: number;
  /** Changes of the model, by second. */
  readonly events?: readonly { readonly atS: number; readonly knee?: number; readonly slowdown?: number }[];
  /** Capacity at a moment over that of the start, where events change it. */
  readonly capacity?: (atS: number) => number;
  readonly mix?: Mix;
  readonly retries?: Retries;
}

/** Length of a window, in seconds. */
const WINDOW_S = { threads: 0.2, loop: 1 } as const;

/** Runs a scenario. Equal scenarios give equal results. */
export async function simulate(scenario: Scenario): Promise<Result> {
  const { lane, sloMs, durationS, fromS, toS = durationS, knee = 64, mix = ONE_AGENT } = scenario;
  const windowS = WINDOW_S[lane];
  let upstream: UpstreamModel | undefined;
  const simulation = new Simulation({
    ...scenario,
    agents: mix.factors.map((_, i) =>
      lane === 'threads'
        ? cpuAgent(nameOf(i), { module: 'file:///none' })
        : ioAgent(nameOf(i), {
            upstream: 'up',
            run: (workMs: number) => new Promise<void>((resolve) => upstream!.call(workMs, resolve)),
          }),
    ),
  });
  const { clock, stations } = simulation;
  upstream = new UpstreamModel(clock, knee);
  const slots = lane === 'threads' ? simulation.threads.readyThreads : knee;
  for (const event of scenario.events ?? []) {
    clock.schedule(1_000 * event.atS, () => {
      upstream!.change(event);
      if (event.slowdown !== undefined) simulation.threads.slowdown = event.slowdown;
    });
  }

  const measurement = new Measurement({ sloMs, fromS, toS, durationS, windowS });
  const clients = new Clients(clock, { ...scenario, mix, slots, retries: scenario.retries, send });
  function send(request: Request): void {
    const { agent, cls, workMs } = request;
    const attempt = { atMs: clock.passedMs, cls, workMs, factor: mix.factors[agent]! };
    measurement.offered(attempt);
    const task = simulation.submit(nameOf(agent), workMs, PRIORITIES[cls]!);
    if (task === undefined) {
      measurement.rejected(attempt);
      clients.disappointed(request);
      return;
    }
    measurement.admitted(attempt);
    const stopWaiting = scenario.retries && clock.schedule(sloMs, () => clients.disappointed(request));
    void task.outcome.then(() => {
      const inTime = clock.passedMs - attempt.atMs <= sloMs;
      stopWaiting?.();
      if (isCompleted(task)) measurement.completed(attempt, clock.passedMs);
      else {
        measurement.rejected(attempt);
        if (inTime) clients.disappointed(request);
      }
    });
  }
  clients.start();
  const station = lane === 'threads' ? stations.threads : [...stations.all()][1]!;
  for (const [i, window] of measurement.windows.entries()) {
    const endMs = Math.min(1_000 * durationS, 1_000 * windowS * (i + 1));
    await clock.runUntil(endMs);
    window.concurrency = station.slots;
  }
  return measurement.result(
    (slots * meanCapacity(scenario, fromS, toS)) / (MEAN_MS[lane] / 1_000),
    clock.passedMs,
  );
}

/** Capacity between two moments over that of a second at the start. */
function meanCapacity({ capacity }: Scenario, fromS: number, toS: number): number {
  if (capacity === undefined) return toS - fromS;
  let sum = 0;
  for (let s = fromS; s < toS; s++) sum += capacity(s) * Math.min(1, toS - s);
  return sum;
}

const nameOf = (agent: number) => `a${agent}`;
