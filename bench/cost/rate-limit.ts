import Bottleneck from 'bottleneck';
import PQueue from 'p-queue';
import type { Case, CaseOptions, Size } from '../case.ts';
import { alternate, type Contender, type Result, spreadOf } from '../harness.ts';
import { digestOf } from '../results.ts';
import { compare, figure } from '../row.ts';
import { type Entry, loadSpillway } from '../subject.ts';
import { type Arrival, fullestWindow, Provider } from './provider.ts';

/** 500 calls and 100,000 tokens, as of a minute, but in windows of so many milliseconds. */
const LIMIT = { calls: 500, tokens: 100_000 };
const MINUTE_MS = 60_000;
const AGENTS = ['plan', 'search', 'read', 'write', 'check'];
const SIZES: Record<Size, { windowMs: number; calls: number }> = {
  full: { windowMs: 6_000, calls: 2_500 },
  quick: { windowMs: 2_000, calls: 1_500 },
  tiny: { windowMs: 400, calls: 700 },
};

type Send = (tokens: number, serviceMs: number) => Promise<number>;
/** Runs a call some time, within the rates. */
type Limited = (index: number) => Promise<number>;

interface RateLimiter {
  readonly name: string;
  open(send: Send, windowMs: number): Promise<{ readonly run: Limited; close(): Promise<unknown> }>;
}

/** What a call uses, what is expected of it at most, and how long it takes: the same for all contenders. */
function callOf(index: number) {
  const tokens = 120 + ((index * 7_919) % 120);
  return { tokens, expected: Math.ceil(tokens * 1.1), serviceMs: 5 + ((index * 31) % 26) };
}

function spillway(subject: Entry): RateLimiter {
  return {
    name: 'spillway',
    async open(send, windowMs) {
      const { createEngine, ioAgent } = await loadSpillway(subject);
      const engine = await createEngine({
        admission: { policy: 'none' },
        resources: {
          key: {
            requestsPerMinute: (LIMIT.calls * MINUTE_MS) / windowMs,
            tokensPerMinute: (LIMIT.tokens * MINUTE_MS) / windowMs,
            windowMs,
          },
        },
        agents: AGENTS.map((name) =>
          ioAgent(name, {
            resources: ['key'],
            estimate: (index: number) => ({ inputTokens: callOf(index).expected }),
            run: async (index: number, ctx) => {
              const { tokens, serviceMs } = callOf(index);
              const used = await send(tokens, serviceMs);
              await ctx.usage({ inputTokens: used });
              return used;
            },
            limit: 1_000,
          }),
        ),
      });
      return {
        run: (index) => engine.run(AGENTS[index % AGENTS.length]!, index),
        close: () => engine.close(),
      };
    },
  };
}

/** As its documentation shows it for a rate: a reservoir that is filled up each window. It knows calls, not tokens. */
const bottleneckReservoir: RateLimiter = {
  name: 'bottleneck',
  async open(send, windowMs) {
    const limiter = new Bottleneck({
      reservoir: LIMIT.calls,
      reservoirRefreshAmount: LIMIT.calls,
      reservoirRefreshInterval: Math.ceil(windowMs / 250) * 250,
    });
    return {
      run: (index) => limiter.schedule(() => send(callOf(index).tokens, callOf(index).serviceMs)),
      close: () => limiter.disconnect(true),
    };
  },
};

/** With its sliding window. It knows calls, not tokens. */
const pQueueStrict: RateLimiter = {
  name: 'p-queue',
  async open(send, windowMs) {
    const queue = new PQueue({ intervalCap: LIMIT.calls, interval: windowMs, strict: true });
    return {
      run: (index) => queue.add(() => send(callOf(index).tokens, callOf(index).serviceMs)),
      close: async () => queue.clear(),
    };
  },
};

/** Is a rate kept to in every window, and is it used? */
export const rateLimit: Case = {
  name: 'rate-limit',
  question:
    'How full is the fullest window of a key that allows 500 calls and 100,000 tokens, and how much is used?',
  async run(options: CaseOptions) {
    const limiters = [spillway(options.subject), bottleneckReservoir, pQueueStrict];
    const results = await alternate(
      limiters.map((limiter) => contend(limiter, SIZES[options.size])),
      options,
    );
    const of = (reading: string) => results.map((result) => byReading(result, reading));
    return [
      compare({
        case: 'rate-limit-fullest-calls',
        unit: '% of the limit',
        better: 'less',
        target: figure('<=', 100),
        results,
        notes: arrivedOf(results),
      }),
      compare({
        case: 'rate-limit-fullest-tokens',
        unit: '% of the limit',
        better: 'less',
        target: figure('<=', 100),
        results: of('tokens'),
      }),
      compare({
        case: 'rate-limit-used',
        unit: '% of the limit',
        better: 'more',
        target: options.size === 'tiny' ? figure('>=', 0) : figure('>=', 95),
        results: of('used'),
      }),
    ];
  },
};

/** The same as the provider sees it: on a busy machine calls wait for the event loop on both ends. */
function arrivedOf(results: readonly Result[]): Record<string, number> {
  const notes: Record<string, number> = {};
  for (const result of results) {
    const arrived = byReading(result, 'arrived');
    if (arrived.state === 'completed')
      notes[`${arrived.name}, on arrival`] = Math.round(arrived.spread.median);
  }
  return notes;
}

/** The same results, by another of their figures. */
function byReading(result: Result, reading: string): Result {
  if (result.state === 'failed') return result;
  const samples = result.samples.map((sample) => ({ ...sample, value: sample.readings![reading]! }));
  return { ...result, samples, spread: spreadOf(samples.map(({ value }) => value)) };
}

function contend(limiter: RateLimiter, { windowMs, calls }: { windowMs: number; calls: number }): Contender {
  return {
    name: limiter.name,
    async open() {
      return { measure: () => sample(limiter, windowMs, calls), close: async () => {} };
    },
  };
}

/** All calls at once, to a provider of its own. */
async function sample(limiter: RateLimiter, windowMs: number, calls: number) {
  const provider = new Provider();
  const send = await provider.open();
  // What the first calls wait for: connections, and code that is compiled.
  await Promise.all(Array.from({ length: 200 }, () => send(0, 20)));
  provider.arrivals.length = 0;
  const starts: Arrival[] = [];
  const limited = await limiter.open((tokens, serviceMs) => {
    starts.push({ atMs: performance.now(), tokens });
    return send(tokens, serviceMs);
  }, windowMs);
  const results = await Promise.all(Array.from({ length: calls }, (_, index) => limited.run(index)));
  await limited.close();
  await provider.close();
  const { arrivals } = provider;
  const [first, last] = [arrivals[0]!.atMs, arrivals.at(-1)!.atMs];
  const tokens = arrivals.reduce((sum, arrival) => sum + arrival.tokens, 0);
  const share = Math.max(calls / LIMIT.calls, tokens / LIMIT.tokens);
  return {
    value: (100 * fullestWindow(starts, windowMs, () => 1)) / LIMIT.calls,
    hash: digestOf(results),
    readings: {
      tokens: (100 * fullestWindow(starts, windowMs, (start) => start.tokens)) / LIMIT.tokens,
      arrived: (100 * fullestWindow(arrivals, windowMs, () => 1)) / LIMIT.calls,
      used: (100 * share * windowMs) / (last - first),
    },
  };
}
