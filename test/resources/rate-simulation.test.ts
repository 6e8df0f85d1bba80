import { describe, expect, test, vi } from 'vitest';
import { ioAgent, type ResourceOptions } from '../../src/index.ts';
import { engineOf } from '../fixtures/engines.ts';
import { SeededRandom } from '../fixtures/seeded-random.ts';
import { VirtualClock } from '../simulation/virtual-clock.ts';
import { type Counted, fullestWindow, usedShare } from './windows.ts';

vi.setConfig({ testTimeout: 120_000 });

const MINUTE_MS = 60_000;
const KEY = { requestsPerMinute: 500, tokensPerMinute: 100_000 } satisfies ResourceOptions;
const AGENTS = ['plan', 'search', 'read', 'write', 'check'] as const;
const TEN_MINUTES_MS = 10 * MINUTE_MS;

interface Call {
  /** At most, of which between half and all is used. */
  readonly tokens: number;
  readonly usedTokens: number;
  readonly serviceMs: number;
}

interface Load {
  readonly seed: number;
  /** Mean of what is expected of a call. */
  readonly tokens: number;
  /** Of what is expected, used at least. */
  readonly usedAtLeast: number;
  readonly offeredPerMinute: number;
  readonly forMs: number;
}

interface Result {
  readonly requests: Counted[];
  readonly tokens: Counted[];
}

/** More calls than fit, at random times and for random agents. */
async function simulate({ seed, tokens, usedAtLeast, offeredPerMinute, forMs }: Load): Promise<Result> {
  const random = new SeededRandom(seed);
  const clock = new VirtualClock();
  const result: Result = { requests: [], tokens: [] };
  const run = async (call: Call, ctx: { usage(usage: { inputTokens: number }): Promise<void> }) => {
    result.requests.push({ atMs: clock.now(), amount: 1 });
    result.tokens.push({ atMs: clock.now(), amount: call.usedTokens });
    await new Promise<void>((resolve) => clock.schedule(call.serviceMs, resolve));
    await ctx.usage({ inputTokens: call.usedTokens });
  };
  const engine = await engineOf(
    AGENTS.map((name) =>
      ioAgent(name, {
        run,
        resources: ['key'],
        estimate: (call: Call) => ({ inputTokens: call.tokens }),
        limit: 1_000,
      }),
    ),
    { clock, resources: { key: KEY }, admission: { policy: 'none' }, queue: { limit: 100_000 } },
  );
  const gapMs = () => (-Math.log(1 - random.next()) * MINUTE_MS) / offeredPerMinute;
  const arrive = (): void => {
    if (clock.now() > forMs) return;
    const expected = Math.ceil(tokens * (0.5 + random.next()));
    const share = usedAtLeast + (1 - usedAtLeast) * random.next();
    const call: Call = {
      tokens: expected,
      usedTokens: Math.floor(expected * share),
      serviceMs: 200 + 2_000 * random.next(),
    };
    engine.submit(random.pick(AGENTS), call, { priority: random.pick(['high', 'normal', 'low'] as const) });
    clock.schedule(gapMs(), arrive);
  };
  arrive();
  await clock.runUntil(forMs);
  const closed = engine.close();
  await clock.runUntil(forMs + MINUTE_MS);
  await closed;
  return result;
}

const STEADY = { fromMs: MINUTE_MS, toMs: TEN_MINUTES_MS };

describe.each([1, 2, 3, 4])('500 calls and 100,000 tokens a minute, shared by 5 agents (seed %i)', (seed) => {
  test.each([
    { bound: 'calls', tokens: 120, usedAtLeast: 0.5 },
    { bound: 'tokens', tokens: 800, usedAtLeast: 0.9 },
    { bound: 'both', tokens: 201, usedAtLeast: 1 },
  ])('are never exceeded in any 60 s, and used: bound by $bound', async ({ bound, tokens, usedAtLeast }) => {
    const result = await simulate({
      seed,
      tokens,
      usedAtLeast,
      offeredPerMinute: 750,
      forMs: TEN_MINUTES_MS,
    });
    expect(fullestWindow(result.requests, MINUTE_MS)).toBeLessThanOrEqual(KEY.requestsPerMinute);
    expect(fullestWindow(result.tokens, MINUTE_MS)).toBeLessThanOrEqual(KEY.tokensPerMinute);
    const used = {
      calls: usedShare(result.requests, KEY.requestsPerMinute / MINUTE_MS, STEADY),
      tokens: usedShare(result.tokens, KEY.tokensPerMinute / MINUTE_MS, STEADY),
    };
    if (bound !== 'tokens') expect(used.calls).toBeGreaterThanOrEqual(0.95);
    if (bound !== 'calls') expect(used.tokens).toBeGreaterThanOrEqual(0.95);
  });
});

test('starts are paced: the first second has no more than its share and the burst of a second', async () => {
  const { requests } = await simulate({
    seed: 5,
    tokens: 50,
    usedAtLeast: 1,
    offeredPerMinute: 60_000,
    forMs: 10_000,
  });
  const inFirst = requests.filter(({ atMs }) => atMs < 1_000).length;
  expect(inFirst).toBeLessThanOrEqual(2 * Math.ceil(KEY.requestsPerMinute / 60));
  expect(fullestWindow(requests, 1_000)).toBeLessThanOrEqual(KEY.requestsPerMinute / 12);
});
