import { devNull } from 'node:os';
import { expect, test, vi } from 'vitest';
import type { EngineParts } from '../../src/compose.ts';
import type { Engine } from '../../src/index.ts';
import { StandIn } from '../../src/lanes/stand-in.ts';
import type { ThreadLane } from '../../src/lanes/thread-lane.ts';
import { misbehaving, onThreads } from '../fixtures/agents.ts';
import { engineOf } from '../fixtures/engines.ts';

vi.setConfig({ testTimeout: 60_000 });

const WITHIN = { timeout: 20_000 };

const laneOf = (engine: Engine): ThreadLane =>
  (engine as unknown as { readonly parts: EngineParts }).parts.supervisor.lane!;

test('while a thread seems to be blocked another one is started; it takes work once the thread is lost, without a gap', async () => {
  // Long enough for a thread to start in half of it.
  await using engine = await engineOf([onThreads('neverReturns', { stallMs: 4_000 }), onThreads('echo')], {
    threads: { count: 1 },
  });
  const lane = laneOf(engine);
  const seen: string[] = [];
  engine.on('threadReady', () => seen.push('ready'));
  engine.on('threadLost', () => seen.push('lost'));
  const stuck = engine.submit('neverReturns', 0);
  const behind = engine.run('echo', 1);
  await vi.waitUntil(() => lane.roster.standby !== undefined, WITHIN);
  expect([seen, stuck.state]).toEqual([[], 'running']);
  const before = lane.roster.standby!.threadId;
  expect(await stuck.outcome).toMatchObject({ status: 'failed', error: { code: 'STALLED' } });
  expect(await behind).toBe(1);
  expect(lane.roster.ready.map(({ threadId }) => threadId)).toEqual([before]);
  await vi.waitUntil(() => lane.roster.standby !== undefined, WITHIN);
  // What Piscina started in its place stands by now.
  expect(seen).toEqual(['lost', 'ready']);
  expect([lane.readyThreads, lane.pool.size]).toEqual([1, 1]);
  expect(engine.stats()).toMatchObject({ restarts: 1, standIns: 1 });
});

test('a thread that was started ahead of time goes when it has not been wanted for a while', async () => {
  await using engine = await engineOf([onThreads('echo')], { threads: { count: 1 } });
  const lane = laneOf(engine);
  const standIn = new StandIn(lane);
  standIn.look(0);
  standIn.want(0);
  standIn.want(5_000);
  standIn.look(20_000);
  // Not before it is there.
  expect(standIn.isUp).toBe(true);
  await vi.waitUntil(() => lane.roster.standby !== undefined, WITHIN);
  standIn.look(14_999);
  expect([standIn.isUp, lane.readyThreads]).toEqual([true, 1]);
  standIn.look(15_000);
  expect([standIn.isUp, lane.pool.size, lane.readyThreads]).toEqual([false, 1, 1]);
  await vi.waitUntil(() => engine.stats().threads.length === 1, WITHIN);
  expect(await engine.run('echo', 1)).toBe(1);
});

test('where the one that was started ahead has taken over, the other goes', async () => {
  await using engine = await engineOf([onThreads('echo'), misbehaving('logged')], { threads: { count: 1 } });
  const lane = laneOf(engine);
  const standIn = new StandIn(lane);
  standIn.want(0);
  await vi.waitUntil(() => lane.roster.standby !== undefined, WITHIN);
  const before = lane.roster.standby!.threadId;
  expect((await engine.submit('logged', { file: devNull, index: 0, how: 'exit' }).outcome).status).toBe(
    'failed',
  );
  await vi.waitUntil(() => lane.roster.ready.some(({ threadId }) => threadId === before), WITHIN);
  await vi.waitUntil(() => lane.roster.standby !== undefined, WITHIN);
  const after = lane.roster.standby!.threadId;
  standIn.look(10_000);
  expect(lane.roster.ready.map(({ threadId }) => threadId)).toEqual([after]);
  await vi.waitUntil(() => engine.stats().threads.length === 1, WITHIN);
  expect(await engine.run('echo', 1)).toBe(1);
});

test('it takes over when the other is dead, and charged for, not while it is being taken', async () => {
  await using engine = await engineOf([onThreads('echo')], { threads: { count: 1 } });
  const { roster, pool } = laneOf(engine);
  pool.standBy(true);
  await vi.waitUntil(() => roster.standby !== undefined, WITHIN);
  const { threadId } = roster.standby!;
  const seen: string[] = [];
  engine.on('threadReady', (event) => seen.push(`ready ${event.threadId}`));
  engine.on('threadLost', () => seen.push('lost'));
  roster.take(roster.ready[0]!, new Error('blocked'));
  // As when one more has loaded all meanwhile.
  roster.fillUp();
  expect([roster.ready.length, roster.standby?.threadId]).toEqual([0, threadId]);
  await vi.waitUntil(() => roster.ready.length === 1, WITHIN);
  expect(seen).toEqual(['lost', `ready ${threadId}`]);
});
