import type { LatencySummary } from '../contract/stats.ts';
import type { Chart, ChartTable } from './chart.ts';
import { html, type Markup } from './markup.ts';
import { countText, durationText, percentText, shortText } from './number-text.ts';
import type { LoadReport, ReportCounts } from './report.ts';

/** Whether the run proves anything. An invalid one must not be overlooked. */
export function validityBanner({ validity }: LoadReport): Markup {
  const lag = `arrivals late by p99 ${durationText(validity.lagMs.p99)}, at worst ${durationText(validity.lagMs.max)}`;
  if (validity.valid) return html`<p class="banner good">Valid run: ${lag}.</p>`;
  const reasons = validity.reasons.map((reason) => html`<li>${reason}</li>`);
  return html`<div class="banner bad" role="alert"><strong>INVALID RUN: these numbers prove nothing.</strong><ul>${reasons}</ul></div>`;
}

/** The numbers that a reader wants first. */
export function tiles({ totals, run, latencyMs }: LoadReport): Markup {
  const seconds = run.durationMs / 1_000;
  const slo = run.sloP99Ms;
  const verdict = slo === null ? '' : latencyMs.p99 <= slo ? 'good' : 'bad';
  const objective =
    slo === null
      ? 'p99; no objective'
      : `p99; objective ${durationText(slo)} ${verdict === 'good' ? 'met' : 'missed'}`;
  const entries: [value: string, label: string, verdict: string][] = [
    [durationText(latencyMs.p99), objective, verdict],
    [durationText(latencyMs.p50), 'p50', ''],
    [durationText(latencyMs.p999), 'p99.9', ''],
    [`${shortText(totals.offered / seconds)} /s`, 'offered', ''],
    [`${shortText(totals.withinSlo / seconds)} /s`, 'goodput: completed in time', ''],
    [percentText(totals.offered === 0 ? 0 : totals.rejected / totals.offered), 'shed', ''],
    [countText(totals.failed), 'failed', totals.failed > 0 ? 'bad' : ''],
  ];
  return html`<div class="tiles">${entries.map(
    ([value, label, verdict]) =>
      html`<div class="tile ${verdict}"><b>${value}</b><span>${label}</span></div>`,
  )}</div>`;
}

/** What was run, and where. */
export function facts({ run, machine, startedAt, spillway }: LoadReport): Markup {
  const { engine } = run;
  const { kind, ...parameters } = run.arrivals;
  const arrivals = Object.entries(parameters).map(
    ([key, value]) => `${key} ${typeof value === 'number' ? shortText(value) : (value ?? 'none')}`,
  );
  const entries: [string, string][] = [
    ['Started', startedAt],
    ['Measured', `${durationText(run.durationMs)} after ${durationText(run.warmupMs)} of warm-up`],
    ['Arrivals', [kind, ...arrivals].join(', ')],
    ['Seed', String(run.seed)],
    ['Threads', String(engine.threads)],
    ['Queue', `at most ${countText(engine.queueLimit)}`],
    [
      'Admission',
      engine.threshold === null ? engine.policy : `${engine.policy}, threshold ${engine.threshold}`,
    ],
    ['Batch', `${engine.quantumMs} ms`],
    ...(run.config === null ? [] : [['Configuration', run.config] satisfies [string, string]]),
    [
      'Machine',
      `${machine.cpus} x ${machine.cpuModel}, ${shortText(machine.memoryBytes / 2 ** 30)} GiB, ${machine.platform} ${machine.arch}`,
    ],
    ['Versions', `Node.js ${machine.node}, Spillway ${spillway}`],
  ];
  return html`<dl class="facts">${entries.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

const HEAD = ['', 'offered', 'completed', 'in time', 'shed', 'failed', 'cancelled'] as const;
const LATENCIES = ['p50', 'p90', 'p99', 'p999', 'max'] as const;

/** Counts and latencies of everything, of each agent and of each priority. */
export function summaryTable(report: LoadReport): Markup {
  const row = (name: string, counts: ReportCounts, latency: LatencySummary) => {
    const numbers = [
      counts.offered,
      counts.completed,
      counts.withinSlo,
      counts.rejected,
      counts.failed,
      counts.cancelled,
    ];
    const cells = [...numbers.map(countText), ...LATENCIES.map((key) => shortText(latency[key]))];
    return html`<tr><td title="${name}">${name}</td>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`;
  };
  const columns = HEAD.length + LATENCIES.length;
  const group = (name: string) => html`<tr class="group"><td colspan="${columns}">${name}</td></tr>`;
  const latencyHead = LATENCIES.map((key) => `${key === 'p999' ? 'p99.9' : key}, ms`);
  return html`<section class="card"><h2>Summary</h2>
<p class="hint">Latency from the intended arrival to the outcome, of completed tasks. “In time” is within the objective.</p>
<div class="scroll"><table class="numbers"><thead><tr>${[...HEAD, ...latencyHead].map((text) => html`<th scope="col">${text}</th>`)}</tr></thead>
<tbody>${[
    row('all', report.totals, report.latencyMs),
    group('by agent'),
    ...report.agents.map((agent) => row(`${agent.name} (${agent.lane})`, agent, agent.latencyMs)),
    group('by priority'),
    ...report.priorities.map((each) => row(each.priority, each, each.latencyMs)),
  ]}</tbody></table></div></section>`;
}

/** The place of one chart, and its numbers as a table. */
export function chartCard({ id, title, hint, x, left, series, values, table }: Chart): Markup {
  const names = series.map(({ label }) => label).join(', ');
  const label = `${title}: ${left.label} over ${x.label}, showing ${names}. The table below has the numbers.`;
  const place =
    values[0].length === 0
      ? html`<p class="empty">Nothing was measured.</p>`
      : html`<div id="chart-${id}" role="img" aria-label="${label}"></div>`;
  return html`<section class="card"><h2>${title}</h2><p class="hint">${hint}</p>${place}
<details><summary>Numbers</summary>${numbers(table)}</details></section>`;
}

function numbers({ head, rows }: ChartTable): Markup {
  return html`<div class="scroll tall"><table class="numbers"><thead><tr>${head.map(
    (text) => html`<th scope="col">${text}</th>`,
  )}</tr></thead><tbody>${rows.map(
    (row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}
