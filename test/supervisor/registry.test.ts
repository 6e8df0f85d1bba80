import { describe, expect, it } from 'vitest';
import { Stations } from '../../src/admission/stations.ts';
import { cpuAgent, ioAgent } from '../../src/contract/agent.ts';
import { systemClock } from '../../src/contract/clock.ts';
import type { TaskOwner } from '../../src/contract/task.ts';
import { Breakers } from '../../src/dispatch/breakers.ts';
import { Registry } from '../../src/supervisor/registry.ts';
import { emptyLedger } from '../fixtures/ledger.ts';
import { ManualClock } from '../manual-clock.ts';

const owner: TaskOwner = {
  cancelTask: () => false,
  reprioritize: () => false,
  syncOf: () => {
    throw new Error('it has no mutexes');
  },
  used: () => {},
  limited: () => {},
  listen: () => () => {},
  notify: () => {},
  wallAtMs: (clockMs) => clockMs,
};
const newRegistry = () =>
  new Registry(owner, 1_000, {
    stations: new Stations(false),
    ledger: emptyLedger(new ManualClock()),
    breakers: new Breakers(systemClock),
    sloMs: 1_000,
    loopLimit: 64,
  });
const io = (name: string, ...capabilities: string[]) => ioAgent(name, { run: () => name, capabilities });

describe('the registry', () => {
  it('leads to an agent by its name and by each of its capabilities', () => {
    const registry = newRegistry();
    const a = registry.add(io('a', 'x', 'y', 'x'));
    const b = registry.add(cpuAgent('b', { module: 'file:///b.js', capabilities: ['y'] }));
    expect(registry.resolve('a').loop.agents).toEqual([a]);
    expect(registry.resolve({ capability: 'x' }).loop.agents).toEqual([a]);
    expect(registry.resolve({ capability: 'y' }).loop.agents).toEqual([a]);
    expect(registry.resolve({ capability: 'y' }).threads.agents).toEqual([b]);
  });

  it('refuses a name that is taken, until its agent is removed', () => {
    const registry = newRegistry();
    const a = registry.add(io('a'));
    expect(() => registry.add(io('a'))).toThrow('agent "a" is registered already');
    registry.remove(a);
    expect(() => registry.add(io('a'))).not.toThrow();
  });

  it.each<[unknown, RegExp]>([
    ['sumarize', /no agent "sumarize" is registered; did you mean "summarize"\?/],
    ['zzzzzzzz', /no agent "zzzzzzzz" is registered; known are summarize/],
    ['toString', /no agent "toString" is registered/],
    [{ capability: 'txet' }, /no capability "txet" is registered; did you mean "text"\?/],
    [{ capability: 'summarize' }, /no capability "summarize" is registered/],
    [{ capability: 5 }, /target: expected an agent's name or \{ capability \}, got \{ capability: 5 \}/],
    [{}, /target: expected/],
    [null, /target: expected .* got null/],
    [undefined, /target: expected .* got undefined/],
    [7, /target: expected .* got 7/],
  ])('names what is near, or known, where %o leads nowhere', (target, message) => {
    const registry = newRegistry();
    registry.add(io('summarize', 'text'));
    expect(() => registry.resolve(target)).toThrow(message);
  });

  it('says that nothing is registered where nothing is', () => {
    expect(() => newRegistry().resolve('a')).toThrow('known are none');
  });

  it('forgets a capability with the last agent that has it', () => {
    const registry = newRegistry();
    const a = registry.add(io('a', 'x'));
    const b = registry.add(io('b', 'x'));
    registry.remove(a);
    expect(registry.resolve({ capability: 'x' }).loop.agents).toEqual([b]);
    registry.remove(b);
    expect(() => registry.resolve({ capability: 'x' })).toThrow('no capability');
    expect([...registry.routes()]).toEqual([]);
  });

  it('removes an agent once: a second time takes nothing from its successor or its neighbors', () => {
    const registry = newRegistry();
    const a = registry.add(io('a', 'x'));
    const b = registry.add(io('b', 'x'));
    registry.remove(a);
    const successor = registry.add(io('a'));
    registry.remove(a);
    expect(registry.agents.get('a')).toBe(successor);
    expect(registry.resolve('a').loop.agents).toEqual([successor]);
    expect(registry.resolve({ capability: 'x' }).loop.agents).toEqual([b]);
  });
});
