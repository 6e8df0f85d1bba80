import { expect, test } from 'vitest';
import { extractSummary } from '../../src/upstream/extract.ts';
import { truncate } from '../../src/upstream/truncate.ts';

const PROSE = `The scheduler assigns every queued task to a worker thread. Bananas are yellow and quite sweet today.
The worker thread runs the task and the scheduler records the result. A scheduler without a queue loses every task.
Weather reports mention rain tomorrow evening somewhere. The queue keeps each task until a worker thread is free.`;

test('a summary begins with the sentence whose words are the most frequent', () => {
  expect(extractSummary(PROSE, 80)).toBe('The scheduler assigns every queued task to a worker thread.');
});

test('sentences are quoted whole, in the order of the text', () => {
  const text = PROSE.replace(/\n/g, ' ');
  const positions = extractSummary(PROSE, 400)
    .split(/(?<=\.) /)
    .map((sentence) => text.indexOf(sentence));
  expect(positions.length).toBeGreaterThan(1);
  expect(positions).toEqual([...positions].sort((a, b) => a - b));
  expect(positions[0]).toBeGreaterThanOrEqual(0);
});

test('the same text gives the same summary', () => {
  expect(extractSummary(PROSE, 300)).toBe(extractSummary(PROSE, 300));
});

test('log lines stand alone, one line each', () => {
  const log = Array.from({ length: 50 }, (_, i) =>
    i % 10 === 0
      ? `ERROR disk /dev/sd${i} failed hard read timeout`
      : `INFO request ${i} served from cache quickly`,
  ).join('\n');
  const lines = extractSummary(log, 400).split('\n');
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines) expect(log).toContain(line);
});

test('fenced code is left out where there is prose', () => {
  const text = `${PROSE}\n\n\`\`\`js\n${'const scheduler = task worker thread queue\n'.repeat(30)}\`\`\`\n`;
  expect(extractSummary(text, 400)).not.toContain('const');
});

test('no summary is longer than allowed', () => {
  for (const maxChars of [1, 10, 80, 1_000]) {
    expect(extractSummary(PROSE.repeat(20), maxChars).length).toBeLessThanOrEqual(maxChars);
  }
});

test('text without sentences is quoted from its start, and no text gives no summary', () => {
  expect(extractSummary('1 2 3', 100)).toBe('1 2 3');
  expect(extractSummary('', 100)).toBe('');
});

test('a cut never splits a character in two', () => {
  expect(truncate('ab😀', 3)).toBe('ab');
  expect(truncate('ab😀', 4)).toBe('ab😀');
});
