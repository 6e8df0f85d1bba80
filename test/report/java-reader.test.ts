/**
 * The histogram log is read by the Java HistogramLogProcessor, the reference. Needs `java` and the jar of Debian's
 * libhdrhistogram-java; HDRHISTOGRAM_JAR names another one.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HistogramLog } from '../../src/report/hlog.ts';
import { LatencyHistogram } from '../../src/report/latency-histogram.ts';

const JAR = process.env.HDRHISTOGRAM_JAR ?? '/usr/share/java/hdrhistogram.jar';
const missing = [
  existsSync(JAR) ? '' : `no ${JAR} (apt install libhdrhistogram-java)`,
  spawnSync('java', ['-version']).status === 0 ? '' : 'no java (apt install default-jre-headless)',
].filter((reason) => reason !== '');
if (missing.length > 0) console.warn(`the Java reader is not asked: ${missing.join(', ')}`);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-java-'));
});
afterAll(() => rm(folder, { recursive: true }));

test.skipIf(missing.length > 0)('Java reads every line, by tag, with its times and percentiles', async () => {
  const log = new HistogramLog(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
  for (let interval = 0; interval < 3; interval++) {
    for (const [agent, factor] of [
      ['fast', 1],
      ['slow agent', 10],
    ] as const) {
      const latency = new LatencyHistogram();
      for (let ms = 1; ms <= 100; ms++) latency.record(ms * factor);
      log.add(agent, latency.histogram, interval * 1_000, (interval + 1) * 1_000);
    }
    log.add('idle', new LatencyHistogram().histogram, interval * 1_000, (interval + 1) * 1_000);
  }
  await writeFile(join(folder, 'load.hlog'), log.text);
  expect(
    java('-listtags')
      .stdout.trim()
      .split('\n')
      .slice(-3)
      .map((line) => line.trim())
      .sort(),
  ).toEqual(['fast', 'idle', 'slow_agent']);
  for (const [tag, factor] of [
    ['fast', 1],
    ['slow_agent', 10],
  ] as const) {
    expect(java('-tag', tag, '-csv', '-o', join(folder, tag)).stderr).toBe('');
    const rows = (await readFile(join(folder, tag), 'utf8')).split('\n').filter((line) => /^\d/.test(line));
    const numbers = rows.map((row) => row.split(',').map(Number));
    // End, count, p50, p90 and maximum of the interval; count, p50, p90, p99 … of all so far.
    expect(numbers.map(([atSeconds, count, , , , total]) => [atSeconds, count, total])).toEqual([
      [1, 100, 100],
      [2, 100, 200],
      [3, 100, 300],
    ]);
    const [, , p50, p90, max, , , , p99] = numbers.at(-1)!;
    for (const [value, expected] of [
      [p50, 50],
      [p90, 90],
      [p99, 99],
      [max, 100],
    ] as const) {
      expect(Math.abs(value! / (expected * factor) - 1)).toBeLessThan(0.002);
    }
  }
});

function java(...args: string[]) {
  return spawnSync(
    'java',
    ['-cp', JAR, 'org.HdrHistogram.HistogramLogProcessor', '-i', join(folder, 'load.hlog'), ...args],
    { encoding: 'utf8' },
  );
}
