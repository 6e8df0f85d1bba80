import { performance } from 'node:perf_hooks';
import type { Engine } from '../../src/index.ts';
import { spinSteps } from '../spin-steps.ts';
import type { Spillway } from '../subject.ts';

export type FailureLane = 'loop' | 'threads';

/** Two agents of one capability, one of which fails for a while. Times in milliseconds from the start of the run. */
export interface Scenario {
  readonly lane: FailureLane;
  readonly hasBreaker: boolean;
  readonly tasksPerSecond: number;
  readonly errorShare: number;
  readonly faultAtMs: number;
  readonly faultEndsAtMs: number;
  readonly endsAtMs: number;
}

/** How long the engine has to find out what is going on. */
const GRACE_MS = 2_000;
const HANDLERS = new URL('../handlers/work.js', import.meta.url);
/** What a call takes, in milliseconds. */
const CALL_MS: Readonly<Record<FailureLane, number>> = { loop: 2, threads: 1 };
/** How often what is due is submitted. In bursts on threads, so that both agents are needed: a task alone goes to the faster. */
const BURST_EVERY_MS: Readonly<Record<FailureLane, number>> = { loop: 1, threads: 20 };

export interface FailureFigures {
  readonly tasks: number;
  /** Share of tasks that completed, of those submitted while the fault was on. */
  readonly firstTwoSeconds: number;
  /** The same of those submitted later than that. */
  readonly afterTwoSeconds: number;
  readonly openings: number;
  /** From the end of the fault until the breaker closed for good; 0 if it was closed, `null` if it never did. */
  readonly closedAfterMs: number | null;
  /** Share of the tasks of the last second that the agent took which had failed. */
  readonly takenAtTheEnd: number;
}

interface Ended {
  readonly atMs: number;
  readonly isGood: boolean;
  readonly agent: string | undefined;
}

export async function runScenario(spillway: Spillway, scenario: Scenario): Promise<FailureFigures> {
  const { hasBreaker, faultAtMs, faultEndsAtMs, endsAtMs, errorShare } = scenario;
  await using engine = await engineOf(spillway, scenario);
  const ended: Ended[] = [];
  const startedAtMs = performance.now();
  const nowMs = () => performance.now() - startedAtMs;
  const changes: { readonly to: string; readonly atMs: number }[] = [];
  engine.on('breaker', ({ to }) => void changes.push({ to, atMs: nowMs() }));
  const at = (atMs: number, act: () => void) => setTimeout(act, atMs);
  let endFault = () => {};
  at(faultAtMs, () => {
    endFault = engine.injectFault({ agent: 'failing', kind: 'errors', share: errorShare });
  });
  at(faultEndsAtMs, () => endFault());
  await offer(engine, scenario, nowMs, ended);
  const between = (fromMs: number, toMs: number) => ended.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  const last = between(endsAtMs - 1_000, endsAtMs);
  return {
    tasks: ended.length,
    firstTwoSeconds: goodShare(between(faultAtMs, faultAtMs + GRACE_MS)),
    afterTwoSeconds: goodShare(between(faultAtMs + GRACE_MS, faultEndsAtMs)),
    openings: changes.filter(({ to }) => to === 'open').length,
    closedAfterMs: hasBreaker ? closedAfter(changes, faultEndsAtMs) : null,
    takenAtTheEnd: last.filter(({ agent }) => agent === 'failing').length / last.length,
  };
}

async function engineOf(
  { createEngine, ioAgent, cpuAgent }: Spillway,
  { lane, hasBreaker }: Scenario,
): Promise<Engine> {
  const own = { capabilities: ['work'], ...(hasBreaker && { breaker: true as const }) };
  const run = () => new Promise<number>((resolve) => setTimeout(resolve, CALL_MS.loop, 1));
  const agentOf = (name: string) =>
    lane === 'loop'
      ? ioAgent(name, { run, limit: 500, ...own })
      : cpuAgent(name, { module: HANDLERS, export: 'spin', limit: 4, ...own });
  const engine = await createEngine({
    agents: [agentOf('failing'), agentOf('healthy')],
    threads: { count: 2 },
    admission: { policy: 'none' },
    faults: true,
  });
  return engine as unknown as Engine;
}

/** Submits tasks at an even rate, whatever becomes of them. */
async function offer(
  engine: Engine,
  { lane, tasksPerSecond, endsAtMs }: Scenario,
  nowMs: () => number,
  ended: Ended[],
): Promise<void> {
  const input = lane === 'loop' ? 1 : spinSteps(CALL_MS.threads);
  const outcomes: Promise<void>[] = [];
  const everyMs = 1_000 / tasksPerSecond;
  for (let due = 0; due * everyMs < endsAtMs; ) {
    for (; due * everyMs <= nowMs() && due * everyMs < endsAtMs; due++) {
      const atMs = due * everyMs;
      const { outcome } = engine.submit({ capability: 'work' } as never, input as never);
      outcomes.push(
        outcome.then(({ status, agent }) => {
          ended.push({ atMs, isGood: status === 'completed', agent });
        }),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, BURST_EVERY_MS[lane]));
  }
  await Promise.all(outcomes);
}

function goodShare(ended: readonly Ended[]): number {
  return ended.filter(({ isGood }) => isGood).length / ended.length;
}

function closedAfter(
  changes: readonly { readonly to: string; readonly atMs: number }[],
  faultEndsAtMs: number,
): number | null {
  const last = changes.at(-1);
  if (last === undefined) return 0;
  return last.to === 'closed' ? Math.max(0, last.atMs - faultEndsAtMs) : null;
}
