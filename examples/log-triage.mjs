/**
 * Log triage: files are cut into chunks as they are read, threads work through them, and one report comes of it. Where
 * there are errors a person is asked whether the report is to be accepted. Every line is accounted for: the lines that the
 * threads have counted are held against a count of their own.
 *
 *   spillway run examples/log-triage.mjs --input '{"paths":["app.log","other.log"]}' --threads 2 --answer review=true
 */
import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cpuAgent, ioAgent, splitFiles, workflow } from 'spillway';

export const input = { paths: [fileURLToPath(new URL('./app.log', import.meta.url))] };

/** Templates of errors that the report lists. */
const MOST_LISTED = 10;

export const agents = [
  cpuAgent('triage', { module: new URL('./handlers/triage.mjs', import.meta.url), timeoutMs: 30_000 }),
  ioAgent('count', { run: countLines, limit: 4 }),
];

export default workflow('log-triage', { agents })
  .map('count', {
    over: ({ input: { paths } }) => paths,
    agent: 'count',
  })
  .map('triage', {
    over: ({ input: { paths, chunkBytes = 64_000 } }) => splitFiles(paths, { bytes: chunkBytes }),
    agent: 'triage',
    concurrency: 64,
    retry: { attempts: 2, backoffMs: 100 },
  })
  .reduce('report', { of: 'triage', after: 'count', run: reportOf })
  .wait('review', {
    after: 'report',
    when: ({ report }) => report.errors > 0,
    approval: ({ report }) => {
      const [worst] = report.anomalies;
      return `${report.errors} of ${report.lines} lines are errors, such as "${worst.example.text.slice(0, 60)}". Accept the report?`;
    },
  })
  // Whatever the person says, the report is there.
  .step('summary', { after: 'report', run: (report) => report })
  .build();

/** @throws Error unless every line was counted once */
function reportOf(chunks, { count, input: { paths } }) {
  const files = paths.map((path, at) => ({ path, lines: count[at], counted: 0 }));
  const byPath = new Map(files.map((file) => [file.path, file]));
  const levels = {};
  const templates = new Map();
  const anomalies = new Map();
  for (const chunk of chunks) {
    byPath.get(chunk.path).counted += chunk.lines;
    for (const [level, lines] of Object.entries(chunk.levels)) levels[level] = (levels[level] ?? 0) + lines;
    for (const [template, lines] of chunk.templates) {
      templates.set(template, (templates.get(template) ?? 0) + lines);
    }
    for (const [template, { level, count: lines, examples }] of chunk.anomalies) {
      const known = anomalies.get(template) ?? { level, count: 0, template, example: examples[0] };
      known.count += lines;
      anomalies.set(template, known);
    }
  }
  const lost = files.filter(({ lines, counted }) => lines !== counted);
  if (lost.length > 0) throw new Error(`lines are not accounted for: ${JSON.stringify(lost)}`);
  const ranked = [...anomalies.values()].sort(
    (a, b) => b.count - a.count || (a.template < b.template ? -1 : 1),
  );
  return {
    files,
    lines: files.reduce((sum, { lines }) => sum + lines, 0),
    levels,
    templates: templates.size,
    errors: ranked.reduce((sum, { count: lines }) => sum + lines, 0),
    anomalies: ranked.slice(0, MOST_LISTED),
  };
}

/** Lines of a file, by line ends alone; a last line without one counts. */
async function countLines(path) {
  let lines = 0;
  let last = 10;
  for await (const bytes of createReadStream(path)) {
    for (const byte of bytes) if (byte === 10) lines++;
    last = bytes.at(-1) ?? last;
  }
  return last === 10 ? lines : lines + 1;
}
