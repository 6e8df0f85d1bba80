import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseAgent, loadFactor } from '../../src/dispatch/choose-agent.ts';

const candidate = (name: string, inFlight: number, limit: number, expectedMs = 1) => ({
  name,
  inFlight,
  limit,
  expectedMs,
  hasRoom: inFlight < limit,
});

describe('the choice of an agent', () => {
  it('falls on the least loaded, by share of its limit', () => {
    expect(chooseAgent([candidate('a', 5, 10), candidate('b', 6, 100), candidate('c', 1, 4)], 1)?.name).toBe(
      'b',
    );
  });

  it('falls on the faster of two that are equally loaded', () => {
    expect(chooseAgent([candidate('slow', 1, 2, 20), candidate('fast', 5, 10, 10)], 1)?.name).toBe('fast');
  });

  it('falls on the first of two that are equal in both', () => {
    expect(chooseAgent([candidate('a', 1, 2), candidate('b', 1, 2)], 1)?.name).toBe('a');
  });

  it('passes over those without room', () => {
    const off = { ...candidate('off', 0, 10), hasRoom: false };
    expect(chooseAgent([off, candidate('full', 1, 1), candidate('loaded', 9, 10)], 1)?.name).toBe('loaded');
    expect(chooseAgent([off], 1)).toBeUndefined();
    expect(chooseAgent([off, candidate('full', 1, 1)], 1)).toBeUndefined();
    expect(chooseAgent([], 1)).toBeUndefined();
  });

  it('falls on one that has to show whether it is well again, however loaded, if it has room', () => {
    const trying = { ...candidate('trying', 5, 10), isTrying: true };
    expect(chooseAgent([candidate('idle', 0, 10), trying], 1)?.name).toBe('trying');
    expect(chooseAgent([candidate('idle', 0, 10), { ...trying, hasRoom: false }], 1)?.name).toBe('idle');
  });

  it('counts an agent without a limit by the slots of its lane', () => {
    const unlimited = candidate('unlimited', 3, Number.POSITIVE_INFINITY);
    expect(loadFactor(unlimited, 4)).toBe(0.75);
    expect(loadFactor(unlimited, 0)).toBe(3);
    expect(chooseAgent([unlimited, candidate('limited', 4, 5)], 4)?.name).toBe('unlimited');
    expect(chooseAgent([unlimited, candidate('limited', 3, 5)], 4)?.name).toBe('limited');
  });

  it('never has a better one with room, whatever the candidates', () => {
    const any = fc.record({
      inFlight: fc.nat({ max: 20 }),
      limit: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constant(Number.POSITIVE_INFINITY)),
      expectedMs: fc.constantFrom(0, 0.5, 1, 20),
      hasRoom: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 6 }), fc.integer({ min: 1, max: 8 }), (candidates, slots) => {
        const chosen = chooseAgent(candidates, slots);
        const able = candidates.filter((one) => one.hasRoom);
        expect(chosen === undefined).toBe(able.length === 0);
        for (const one of able) {
          const difference = loadFactor(one, slots) - loadFactor(chosen!, slots);
          expect(difference).toBeGreaterThanOrEqual(0);
          if (difference === 0) expect(one.expectedMs).toBeGreaterThanOrEqual(chosen!.expectedMs);
        }
      }),
    );
  });
});
