import { describe, expect, onTestFinished, test } from 'vitest';
import type { TaskHandle, TaskOptions } from '../../src/contract/handle.ts';
import type { Outcome } from '../../src/contract/outcome.ts';
import { ioAgent, OverloadError, workflow } from '../../src/index.ts';
import { Sender, type WorkflowEngine } from '../../src/workflow/sender.ts';
import { type SendingEnd, SingleSending } from '../../src/workflow/sending.ts';
import { engineOf } from '../fixtures/engines.ts';
import { deferred, nextTurn } from '../fixtures/waiting.ts';
import { ManualClock } from '../manual-clock.ts';
import { full, sinkOf } from '../overflow/full-engine.ts';

/** An engine with so many places, which counts what it is asked for and ends nothing by itself. */
function engineWithPlaces(places: number, retryAfterMs = 50) {
  const submitted: unknown[] = [];
  const inside: { input: unknown; end: (outcome: Partial<Outcome>) => void }[] = [];
  const engine: WorkflowEngine = {
    submit(_target, input, _options?: TaskOptions): TaskHandle {
      submitted.push(input);
      const { promise, resolve } = deferred<Outcome>();
      const isShed = inside.length >= places;
      if (isShed) resolve(shed(retryAfterMs));
      else
        inside.push({
          input,
          end(outcome) {
            inside.splice(
              inside.findIndex((one) => one.input === input),
              1,
            );
            resolve({ attempts: [], agent: 'a', ...outcome } as unknown as Outcome);
          },
        });
      return {
        id: '',
        state: isShed ? 'rejected' : 'pending',
        outcome: promise,
        cancel: () => true,
        reprioritize: () => false,
        on: () => () => undefined,
      } as TaskHandle;
    },
  };
  return { engine, submitted, inside };
}

const shed = (retryAfterMs: number) =>
  ({
    status: 'rejected',
    attempts: [],
    error: new OverloadError('over-limit', 1, retryAfterMs),
    timing: { waitMs: 0, serviceMs: 0, totalMs: 0 },
  }) as unknown as Outcome;

class Noted extends SingleSending {
  readonly #ended: string[];

  constructor(input: unknown, ended: string[], urgency: number) {
    super('a', input, {}, urgency);
    this.#ended = ended;
  }

  ended({ status }: SendingEnd): void {
    this.#ended.push(`${this.input} ${status}`);
  }
}

const sendingOf = (input: unknown, ended: string[], urgency = 0) => new Noted(input, ended, urgency);

describe('tasks that are shed', () => {
  test('wait in a line: one submit asks for all of them, when the engine said', async () => {
    const { engine, submitted, inside } = engineWithPlaces(2);
    const clock = new ManualClock();
    const sender = new Sender(engine, clock);
    const ended: string[] = [];
    for (let n = 0; n < 100; n++) sender.send(sendingOf(n, ended));
    // Two got in, the third was shed, and nobody else has tried.
    expect(submitted).toEqual([0, 1, 2]);
    await nextTurn();
    clock.advance(49);
    expect(submitted).toHaveLength(3);
    clock.advance(1);
    expect(submitted).toEqual([0, 1, 2, 2]);
    await nextTurn();
    while (inside.length > 0) {
      for (const { end } of [...inside])
        end({ status: 'completed', timing: { waitMs: 0, serviceMs: 0, totalMs: 0 } });
      await nextTurn();
      clock.advance(50);
      await nextTurn();
    }
    // None was lost or sent twice to its end, none overtaken, and each round of two has cost one shed.
    expect(ended).toEqual(Array.from({ length: 100 }, (_, n) => `${n} completed`));
    expect(submitted.length).toBe(150);
    expect(sender.waiting).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test('that were let in and are shed late go to the head of the line', async () => {
    const { engine, submitted, inside } = engineWithPlaces(1);
    const clock = new ManualClock();
    const sender = new Sender(engine, clock);
    const ended: string[] = [];
    for (const n of [0, 1, 2]) sender.send(sendingOf(n, ended));
    inside[0]!.end(shed(10));
    await nextTurn();
    clock.advance(50);
    expect(submitted).toEqual([0, 1, 0, 1]);
  });

  test('can be cancelled in the line, and end once', async () => {
    const { engine, submitted } = engineWithPlaces(0);
    const clock = new ManualClock();
    const sender = new Sender(engine, clock);
    const ended: string[] = [];
    const sendings = [0, 1].map((n) => sendingOf(n, ended));
    for (const sending of sendings) sender.send(sending);
    // Before the outcome of the shed has been read.
    for (const sending of sendings) sender.cancel(sending);
    for (const sending of sendings) sender.cancel(sending);
    await nextTurn();
    clock.advance(1_000);
    expect(ended).toEqual(['0 refused', '1 refused']);
    expect(submitted).toEqual([0]);
    expect(clock.pending).toBe(0);
  });
});

describe('a workflow on an engine that sheds', () => {
  test('gets all its items done', async () => {
    let most = 0;
    let inside = 0;
    const work = ioAgent('work', {
      run: async (n: number) => {
        most = Math.max(most, ++inside);
        await nextTurn();
        inside--;
        return n * 2;
      },
    });
    const engine = await engineOf([work], { admission: { policy: 'fixed', capacity: 4, threshold: 1 } });
    onTestFinished(() => engine.close());
    const doubles = workflow('doubles')
      .map('all', { over: () => Array.from({ length: 40 }, (_, n) => n), agent: 'work' })
      .build();
    const run = await engine.start(doubles, undefined);
    const result = await run.result();
    expect(result).toMatchObject({
      status: 'success',
      data: { all: Array.from({ length: 40 }, (_, n) => n * 2) },
      errors: [],
      metadata: { tasks: 40, retries: 0 },
    });
    expect(most).toBeLessThanOrEqual(4);
    // Each shed is followed by a wait: as many as 40 submits that were all shed would be spinning.
    expect(engine.stats().tasks.rejected).toBeGreaterThan(0);
    expect(engine.stats().tasks.rejected).toBeLessThan(40);
  });

  test('keeps its tasks out of the overflow, where they would run for nobody', async () => {
    const sink = sinkOf();
    const { engine, gate } = await full(sink);
    onTestFinished(() => engine.close());
    const waits = workflow('waits').step('work', { agent: 'work' }).build();
    const run = await engine.start(waits, 'mine');
    await nextTurn();
    expect(engine.stats().tasks.rejected).toBe(1);
    gate.resolve();
    expect(await run.result()).toMatchObject({ status: 'success', data: { work: 'mine' } });
    expect(sink.taken).toEqual([]);
  });

  test('does other things while a slow step goes on', async () => {
    const slow = deferred<string>();
    const steps: string[] = [];
    const definition = workflow('two ways')
      .step('slow', { run: () => slow.promise })
      .step('first', { run: () => steps.push('first') })
      .step('second', { after: 'first', run: () => steps.push('second') })
      .build();
    const engine = await engineOf([]);
    onTestFinished(() => engine.close());
    const run = await engine.start(definition, undefined);
    for await (const { step } of run.results()) {
      if (step === 'second') slow.resolve('done');
    }
    expect(steps).toEqual(['first', 'second']);
    expect((await run.result()).status).toBe('success');
  });
});

test('what handlers report to have used is in the result', async () => {
  const paid = ioAgent('paid', {
    run: async (n: number, ctx) => {
      await ctx.usage({ inputTokens: 10, costUsd: 0.5 });
      await ctx.usage({ outputTokens: n });
      return n;
    },
  });
  const engine = await engineOf([paid]);
  onTestFinished(() => engine.close());
  const definition = workflow('paid')
    .step('one', { agent: 'paid', input: () => 1 })
    .map('more', { over: () => [2, 3], agent: 'paid' })
    .build();
  const result = await (await engine.start(definition, undefined)).result();
  expect(result.metadata.cost).toEqual({ inputTokens: 30, outputTokens: 6, costUsd: 1.5 });
});
