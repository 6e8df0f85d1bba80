import { describe, expect, it } from 'vitest';
import { inChild } from '../fixtures/child.ts';

const quiet = (said: string) => ({ code: 0, said, errors: '' });

describe('a process', { timeout: 30_000 }, () => {
  it('survives rejections of run for which nobody waits', async () => {
    const script = `
      const engine = await createEngine({
        agents: [
          onThread('throwSync'),
          ioAgent('bad', { run: async () => { throw new Error('no'); } }),
          ioAgent('stuck', { run: () => new Promise(() => {}), timeoutMs: 10 }),
          ioAgent('ok', { run: async (x) => x }),
        ],
        threads,
        queue: { limit: 50 },
        closeTimeoutMs: 200,
      });
      engine.run('throwSync', 'string');
      engine.run('throwSync', 'null');
      engine.run('bad', 1);
      engine.run('stuck', 1);
      engine.run('nobody', 1);
      engine.run('ok', 1, { priority: 'wrong' });
      engine.run('ok', 1, { signal: AbortSignal.abort() });
      engine.run('throwSync', () => {});
      for (let i = 0; i < 100; i++) engine.run('ok', i);
      engine.submit('bad', 1);
      engine.submit('bad', 1).outcome;
      engine.ready({ signal: AbortSignal.abort() }).catch(() => {});
      while (engine.stats().tasks.running > 1 || engine.stats().tasks.waiting > 0) await new Promise(setImmediate);
      engine.run('stuck', 1, { timeoutMs: 60_000 });
      await engine.close();
      engine.run('ok', 1);
      for (let i = 0; i < 20; i++) await new Promise(setImmediate);
      say('alive');
    `;
    expect(await inChild(script)).toEqual(quiet('alive;'));
  });

  it('ends by itself after close, whatever was going on', async () => {
    const script = `
      const engine = await createEngine({
        agents: [onThread('echo'), onThread('neverReturns'), ioAgent('stuck', { run: () => new Promise(() => {}), timeoutMs: 60_000 })],
        threads: { count: 2 },
        closeTimeoutMs: 50,
      });
      await engine.run('echo', 1);
      engine.submit('neverReturns', 1, { timeoutMs: 60_000 });
      engine.submit('stuck', 1);
      const waiting = engine.submit('neverReturns', 1);
      engine.register(onThread('add')).catch(() => {});
      process.on('exit', () => say('exit'));
      await engine.close();
      say((await waiting.outcome).reason);
    `;
    expect(await inChild(script)).toEqual(quiet('shutdown;exit;'));
  });

  it('ends by itself if its engine is idle, closed or not', async () => {
    const script = `
      const engine = await createEngine({
        agents: [onThread('echo'), ioAgent('ok', { run: async (x) => x, timeoutMs: 60_000 })],
        threads: { count: 2 },
      });
      await Promise.all(Array.from({ length: 500 }, (_, i) => engine.run('echo', i)));
      await engine.run('ok', 1);
      say('idle');
    `;
    expect(await inChild(script)).toEqual(quiet('idle;'));
  });

  it('ends by itself if it never ran anything', async () => {
    expect(await inChild(`await createEngine({ agents: [onThread('echo')], threads }); say('up');`)).toEqual(
      quiet('up;'),
    );
    expect(await inChild(`await createEngine(); say('up');`)).toEqual(quiet('up;'));
  });

  it('stays alive for tasks on a thread that nobody awaits', async () => {
    const script = `
      const engine = await createEngine({ agents: [onThread('spin')], threads });
      for (let i = 0; i < 5; i++) engine.submit('spin', 50).outcome.then(({ status }) => say(status));
    `;
    expect(await inChild(script)).toEqual(quiet('completed;'.repeat(5)));
  });

  it('stays alive while a thread is replaced for which tasks wait', async () => {
    // Again and again: which of the thread's ports closes first differs.
    const script = `
      for (let n = 0; n < 3; n++) {
        const engine = await createEngine({ agents: [onThread('survive')], threads });
        const dead = engine.submit('survive', { fate: 'exit' }).outcome;
        const others = [0, 1, 2].map((value) => engine.submit('survive', { value }).outcome);
        for (const { status } of await Promise.all([dead, ...others])) say(status);
        await engine.close();
      }
    `;
    expect(await inChild(script)).toEqual(quiet('failed;completed;completed;completed;'.repeat(3)));
  });

  it('stays alive for the timeout of a handler that never settles, on either lane', async () => {
    const script = `
      const engine = await createEngine({
        agents: [onThread('never', { timeoutMs: 100 }), ioAgent('stuck', { run: () => new Promise(() => {}), timeoutMs: 200 })],
        threads,
      });
      engine.submit('never', 1).outcome.then(({ error }) => say('thread ' + error.code));
      engine.submit('stuck', 1).outcome.then(({ error }) => say('loop ' + error.code));
    `;
    const ended = await inChild(script);
    expect(ended).toMatchObject({ code: 0, errors: '' });
    expect(ended.said.split(';').sort()).toEqual(['', 'loop TIMEOUT', 'thread TIMEOUT']);
  });

  it('stays alive while an engine starts', async () => {
    const script = `createEngine({ agents: [onThread('echo')], threads }).then((engine) => engine.run('echo', 'up')).then(say);`;
    expect(await inChild(script)).toEqual(quiet('up;'));
  });

  it('survives an engine that cannot start, and ends', async () => {
    const script = `
      const lost = cpuAgent('lost', { module: 'file:///nowhere/handler.mjs' });
      await createEngine({ agents: [onThread('echo'), lost], threads }).catch((error) => say(error.code));
      await createEngine({ agents: [onThread('echo'), onThread('echo')], threads }).catch((error) => say(error.code));
    `;
    expect(await inChild(script)).toEqual(quiet('HANDLER_NOT_LOADED;DUPLICATE_AGENT;'));
  });
});
