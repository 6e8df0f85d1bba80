import { percentileText } from '../report/hgrm.ts';
import type { OutputFolder } from '../report/output-folder.ts';
import type { LoadReport } from '../report/report.ts';
import type { Measurement } from './measure.ts';

/** Names of the files in the output folder; beside them one `.hgrm` an agent. */
export const LOG_FILE = 'load.hlog';
export const REPORT_FILE = 'report.json';
export const PAGE_FILE = 'report.html';

/** Writes all files of a run; gives their paths. @throws SpillwayError `OUTPUT_NOT_WRITABLE` */
export async function writeReport(
  output: OutputFolder,
  report: LoadReport,
  { recorder, log }: Measurement,
): Promise<string[]> {
  const paths = [await output.write(LOG_FILE, log.histograms.text)];
  const taken = new Set<string>();
  for (const { name, latency } of recorder.agents.values()) {
    paths.push(await output.write(hgrmFile(name, taken), percentileText(latency.histogram)));
  }
  paths.push(await output.write(REPORT_FILE, `${JSON.stringify(report, null, 2)}\n`));
  // Drawing is loaded after the run, which it would disturb.
  const { reportHtml } = await import('../report/html.ts');
  paths.push(await output.write(PAGE_FILE, reportHtml(report)));
  return paths;
}

/** An agent's name may hold anything, a file's may not; two agents never share one. */
function hgrmFile(agent: string, taken: Set<string>): string {
  const base = agent.replace(/[^\w.-]/g, '_').slice(0, 100);
  let name = base;
  // Some file systems do not tell upper from lower case.
  for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${base}-${n}`;
  taken.add(name.toLowerCase());
  return `${name}.hgrm`;
}
