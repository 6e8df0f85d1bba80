import { expect, test } from 'vitest';
import { workflow } from '../../src/index.ts';
import { begun } from './one-process.ts';

const fail = () => {
  throw new Error('no');
};
const never = () => new Promise<never>(() => undefined);

test('a step that needs two that failed stays away when only one of them is tried again', async () => {
  let isBad = true;
  const one = await begun(
    workflow('two')
      .step('a', { run: () => (isBad ? fail() : 1) })
      .step('b', { run: fail })
      .step('both', { after: ['a', 'b'], run: () => 2 })
      .build(),
  );
  await one.pass(1);
  await expect(one.live.handle.retry('both')).rejects.toThrow('retry "a"');
  isBad = false;
  await one.live.handle.retry('a');
  await one.pass(1);
  expect(one.live.handle.step('both')).toBe('skipped');
  expect(one.told).not.toContain('step-started both');
  expect(one.live.handle.state).toBe('ended');
});

test('a step is not tried again while others run on what it gave, or while the run comes to its end', async () => {
  const one = await begun(
    workflow('later')
      .step('first', { run: fail, onFailure: 'skip' })
      .step('later', { after: 'first', agent: 'ada' })
      .build(),
    { faults: { cancelledTooLate: 1 } },
  );
  await one.pass(0);
  await expect(one.live.handle.retry('first')).rejects.toThrow(
    'step "later" of run "run" runs on what "first" gave',
  );
  await one.live.handle.cancel();
  await expect(one.live.handle.retry('first')).rejects.toThrow('once it has ended');
  await expect(one.live.handle.skip('later')).rejects.toThrow('once it has ended');
  await one.pass(100);
  expect(one.live.handle.state).toBe('ended');
});

test('a reduction that runs again has what it took', async () => {
  const one = await begun(
    workflow('again')
      .map('items', { over: () => [1, 2], run: (item: number) => item })
      .step('other', { run: fail, onFailure: 'skip' })
      .reduce('sum', { of: 'items', after: 'other', run: (values: readonly unknown[]) => values.length })
      .build(),
  );
  await one.pass(1);
  await one.live.handle.retry('other');
  await one.pass(1);
  expect(await one.live.handle.result()).toMatchObject({ data: { sum: 2 } });
});

test('another try of a parked step leaves alone what a person has skipped behind it', async () => {
  const one = await begun(
    workflow('parked')
      .step('parked', { run: fail, onFailure: 'escalate' })
      .step('later', { after: 'parked', run: () => 1 })
      .build(),
  );
  await one.pass(1);
  await one.live.handle.skip('later');
  await one.live.handle.answer('parked', { retry: true });
  await one.pass(1);
  expect(one.live.handle.step('later')).toBe('skipped');
});

test('steps that end because others of the same request were cancelled are no reason to refuse it', async () => {
  const one = await begun(
    workflow('request')
      .step('a', { run: never })
      .step('b', { after: 'a', run: () => 1 })
      .build(),
  );
  await one.pass(1);
  await one.live.handle.cancel({ steps: ['a', 'b'] });
  expect(one.live.handle.step('b')).toBe('cancelled');
  expect(one.live.handle.state).toBe('ended');
});

test('a step that begins while it is cancelled is cancelled', async () => {
  const one = await begun(
    workflow('begins')
      .step('a', { run: () => 1 })
      .step('b', { after: 'a', run: never })
      .build(),
    { isSlow: true },
  );
  let asked: Promise<unknown> | undefined;
  one.live.run.listen((events) => {
    if (events.some(({ type }) => type === 'step-succeeded'))
      asked = one.live.handle.cancel({ steps: ['b'] });
  });
  await one.pass(100);
  await asked;
  expect(one.live.handle.step('b')).toBe('cancelled');
});

test('what a person has skipped stays skipped when what comes before it runs again', async () => {
  let isBad = true;
  const one = await begun(
    workflow('decided')
      .wait('start', { signal: 'start' })
      .step('first', { after: 'start', run: () => (isBad ? fail() : 1) })
      .step('second', { after: 'first', run: () => 2 })
      .step('third', { after: 'second', run: (value: unknown) => value })
      .build(),
  );
  const { handle } = one.live;
  await handle.skip('second', { value: 'given' });
  await handle.signal('start');
  await one.pass(1);
  expect([handle.step('first'), handle.state]).toEqual(['failed', 'ended']);
  isBad = false;
  await handle.retry('first');
  await one.pass(1);
  expect([handle.step('first'), handle.step('second')]).toEqual(['succeeded', 'skipped']);
  expect((await handle.result()).data).toEqual({ third: 'given' });
});
