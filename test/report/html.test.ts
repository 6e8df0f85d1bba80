import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reportHtml } from '../../src/report/html.ts';
import { shortText } from '../../src/report/number-text.ts';
import { sampleReport } from '../fixtures/sample-report.ts';
import { BROWSER, openPage } from './browser.ts';

/** Ends the script element, an attribute and an element, if anything lets it. */
const NASTY = `</script><script>window.broken = 1</script>"'><img src=x onerror="window.broken = 2">`;

const report = sampleReport({
  durationMs: 8_000,
  queueLimit: 100,
  ratePerSecond: (ms) => (ms < 4_000 ? 200 : 400),
  agents: [
    { name: 'primes', lane: 'threads', weight: 3, limit: null, meanMs: 8, sigma: 0.5 },
    { name: NASTY, lane: 'loop', weight: 1, limit: 32, meanMs: 120, sigma: 0.3, knee: 24 },
  ],
});
const page = reportHtml(report);

describe('the page', () => {
  test('is whole: it refers to nothing outside of itself', () => {
    const references = [...page.matchAll(/\b(?:src|href|action)\s*=\s*["']?([^"'\s>]+)/gi)].map(
      ([, to]) => to,
    );
    // The empty icon keeps browsers from asking for one. The other is text, in the name of an agent.
    expect(references.filter((to) => !to!.startsWith('data:') && to !== 'x')).toEqual([]);
    expect(page).not.toMatch(/@import|url\(|<link rel="stylesheet"|\bfetch\(|XMLHttpRequest|WebSocket/);
    expect(page).toContain('default-src &#39;none&#39;');
  });

  test('escapes what stands in the report', () => {
    expect(page.match(/<script\b/g)).toHaveLength(3);
    expect(page.match(/<\/script/g)).toHaveLength(3);
    expect(page).not.toContain('<img');
  });

  test('has every chart with a title, a hint, a description and its numbers', () => {
    const titles = [...page.matchAll(/<h2>([^<]+)<\/h2>/g)].map(([, title]) => title);
    expect(titles).toEqual([
      'Summary',
      'Latency by percentile',
      'Latency over time',
      'Wait and service by percentile',
      'Admitted and shed, by reason',
      'Throughput over time',
      'Goodput against offered load',
      'Limit and in flight: threads',
      expect.stringContaining('Limit and in flight: &#60;/script'),
      'Event-loop delay',
      'Memory',
    ]);
    const charts = titles.length - 1;
    expect(page.match(/role="img" aria-label="[^"]{40,}"/g)).toHaveLength(charts);
    expect(page.match(/<details><summary>Numbers/g)).toHaveLength(charts);
    expect(page.match(/<p class="hint">[^<]{40,}/g)).toHaveLength(charts + 1);
  });

  test('has the numbers of the report in its tables', () => {
    const { totals, latencyMs } = report;
    const text = page.replaceAll(/<[^>]+>/g, ' ');
    expect(text).toContain(totals.offered.toLocaleString('en-US'));
    expect(text).toContain(totals.rejected.toLocaleString('en-US'));
    expect(page).toContain(`<td>${shortText(latencyMs.p99)}</td>`);
    expect(page).toContain('shed: over-limit');
  });

  test('shouts if the run is invalid, and says why', () => {
    const invalid = reportHtml(sampleReport({ durationMs: 1_000, invalid: ['arrivals were 80 ms late'] }));
    expect(invalid).toContain('INVALID RUN');
    expect(invalid).toContain('<li>arrivals were 80 ms late</li>');
    expect(page).not.toContain('INVALID RUN');
    expect(page).toContain('Valid run');
  });

  test('says so where nothing was measured', () => {
    const empty = reportHtml({ ...sampleReport({ durationMs: 1_000 }), intervals: [] });
    expect(empty).toContain('Nothing was measured.');
    const charts = JSON.parse(/id="charts">(.*?)<\/script>/.exec(empty)![1]!) as { id: string }[];
    expect(charts.map(({ id }) => id)).toEqual(['latency', 'stages']);
  });
});

if (BROWSER === undefined) process.stderr.write('no browser here: the page is not tried in one\n');

describe.runIf(BROWSER !== undefined)('in a real browser', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spillway-page-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('the page draws every chart, complains about nothing and asks nobody', async () => {
    const path = join(folder, 'report.html');
    await writeFile(path, page);
    const opened = await openPage(path, BROWSER!);
    try {
      for (const theme of ['light', 'dark'] as const) {
        for (const widthPx of [360, 1_600]) {
          await opened.look({ widthPx, theme });
          const at = `${theme}, ${widthPx} px`;
          // Wider than the window would be a page that scrolls sideways.
          expect(await opened.evaluate('document.documentElement.scrollWidth'), at).toBeLessThanOrEqual(
            widthPx,
          );
          expect(await opened.evaluate('document.querySelectorAll(".uplot canvas").length'), at).toBe(10);
          expect(await opened.evaluate(EMPTY_CHARTS), at).toEqual([]);
        }
      }
      expect(await opened.evaluate('window.broken')).toBe(undefined);
      expect(await opened.evaluate('document.querySelector(".u-legend").textContent')).toContain(NASTY);
      expect(opened.requests.filter((url) => !/^(file|data):/.test(url))).toEqual([]);
      expect(opened.complaints).toEqual([]);
    } finally {
      await opened.close();
    }
  });
});

/** Titles of the charts whose canvas has no colored line: gray is what axes are drawn in. */
const EMPTY_CHARTS = `[...document.querySelectorAll('.uplot canvas')].filter((canvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  let colored = 0;
  for (let i = 0; i < data.length; i += 4) {
    const [r, g, b] = data.subarray(i, i + 3);
    if (data[i + 3] > 60 && Math.max(r, g, b) - Math.min(r, g, b) > 60) colored++;
  }
  return colored < 100;
}).map((canvas) => canvas.closest('.card').querySelector('h2').textContent)`;
