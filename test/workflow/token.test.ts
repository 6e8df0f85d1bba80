import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readToken, writeToken } from '../../src/workflow/token.ts';

const token = { run: 'run-1', workflow: 'report', hash: 'abc', version: 7 };

describe('a resume token', () => {
  test('names run, workflow, definition and position', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: 'grapheme' }), fc.nat(), (run, workflow, version) => {
        const of = { run, workflow, hash: 'h', version };
        expect(readToken(writeToken(of))).toEqual(of);
      }),
    );
  });

  test('that was truncated or changed anywhere is refused', () => {
    const text = writeToken(token);
    for (let at = 0; at < text.length; at++) {
      const changed = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
      for (const wrong of [text.slice(0, at), changed]) {
        expect(() => readToken(wrong), wrong).toThrow(
          expect.objectContaining({
            code: 'WORKFLOW_TOKEN',
            message: expect.stringContaining('resume token: '),
          }),
        );
      }
    }
    expect(() => readToken(`${text}.`)).toThrow('truncated or changed');
    expect(() => readToken(`${text}x`)).toThrow('truncated or changed; copy it again');
  });

  test('of a later form says so', () => {
    const later = writeToken(token).replace('spillway-run-1', 'spillway-run-2');
    expect(() => readToken(later)).toThrow('expected form 1, got 2');
  });

  test.each([undefined, null, 7, {}, '', 'hello'])('%j is none', (nonsense) => {
    expect(() => readToken(nonsense)).toThrow(/expected .* got/);
  });
});
