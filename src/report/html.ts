import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Chart } from './chart.ts';
import { html, jsonForScript, Markup } from './markup.ts';
import { PAGE_STYLE } from './page-style.ts';
import { latencyChart, stagesChart } from './percentile-charts.ts';
import type { LoadReport } from './report.ts';
import { chartCard, facts, summaryTable, tiles, validityBanner } from './summary.ts';
import { bandsChart, limitCharts, loopChart, memoryChart } from './time-charts.ts';
import { admissionChart, goodputChart, throughputChart } from './traffic-charts.ts';

/** Forbids the page every connection, so that it shows the same without a network. */
const POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";

/** The report as one page that needs nothing beside it: no network, no other file. */
export function reportHtml(report: LoadReport): string {
  const charts = chartsOf(report);
  const drawn = charts.filter(({ values }) => values[0].length > 0);
  const title = `Load report: ${report.run.target}`;
  const { style, script } = library();
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${style}${new Markup(PAGE_STYLE)}</style>
</head>
<body>
<main>
<header><h1>${title}</h1>${facts(report)}</header>
${validityBanner(report)}
${tiles(report)}
${summaryTable(report)}
<div class="charts">${charts.map(chartCard)}</div>
</main>
<script type="application/json" id="charts">${jsonForScript(drawn.map(forPage))}</script>
<script>${script}</script>
<script>${pageScript()}</script>
</body>
</html>
`.text;
}

function chartsOf(report: LoadReport): Chart[] {
  return [
    latencyChart(report),
    bandsChart(report),
    stagesChart(report),
    admissionChart(report),
    throughputChart(report),
    goodputChart(report),
    ...limitCharts(report),
    loopChart(report),
    memoryChart(report),
  ];
}

/** Without what stands in the page already. */
function forPage({ table: _table, title: _title, hint: _hint, ...chart }: Chart): object {
  return chart;
}

/** uPlot, from where it is installed, with its license, which wants to go with every copy. */
function library(): { style: Markup; script: Markup } {
  const { resolve } = createRequire(import.meta.url);
  const read = (name: string) => readFileSync(resolve(`uplot/${name}`), 'utf8');
  const license = `/*!\nuPlot\n\n${read('LICENSE').trim()}\n*/\n`;
  return {
    style: new Markup(read('dist/uPlot.min.css')),
    script: new Markup(license + read('dist/uPlot.iife.min.js')),
  };
}

/** From the room's folder, also when this module has become part of a bundle in another one. */
function pageScript(): Markup {
  return new Markup(readFileSync(new URL('../report/page.js', import.meta.url), 'utf8'));
}
