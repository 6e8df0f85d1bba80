import { expect, test } from 'vitest';
import { renderLoad } from '../../src/load/summary-text.ts';
import { sampleReport } from '../report/sample-report.ts';

const written = (report = sampleReport()) => ({
  report,
  paths: ['/elsewhere/out/load.hlog'],
  unfinished: 0,
  firstFailure: undefined,
});

test('the table says what became of the tasks, and whether the objective was met', () => {
  const text = renderLoad(written(), '/elsewhere');
  expect(text).toContain('cpu: 110 tasks in 1 s (110.0 /s) after 0 s of warm-up');
  expect(text).toContain('arrivals: poisson, 110 /s, seed: 1');
  expect(text).toMatch(/\n {2}all +110 +100 +100 +90 \(81\.8 %\) +0 +0 +10 {2}queue-full 10\n/);
  expect(text).toContain('Objective: missed, p99 of completed tasks is 99.0 ms of 90 ms');
  expect(text).toContain('\n  out/load.hlog\n');
});

test('without an objective there is no column and no line for it', () => {
  const report = sampleReport();
  const text = renderLoad(written({ ...report, run: { ...report.run, sloP99Ms: null } }), '/');
  expect(text).not.toContain('within objective');
  expect(text).not.toContain('Objective:');
  expect(text).toContain('objective: none');
});

test('a run in which nothing completed has missed its objective', () => {
  const report = sampleReport();
  const totals = { ...report.totals, completed: 0, withinSlo: 0, failed: 100 };
  expect(renderLoad(written({ ...report, totals }), '/')).toContain('Objective: missed, no task completed');
});

test('an invalid run says so, and every reason', () => {
  const report = sampleReport();
  const validity = { ...report.validity, valid: false, reasons: ['it was late', 'it stood still'] };
  const text = renderLoad(written({ ...report, validity }), '/');
  expect(text).toMatch(/\nINVALID: this run proves nothing.*\n {2}it was late\n {2}it stood still\n/);
  expect(text).not.toContain('\nValid');
});

test('tasks that have not ended and the first failure are not passed over', () => {
  const text = renderLoad({ ...written(), unfinished: 3, firstFailure: 'no such model' }, '/');
  expect(text).toContain('3 tasks had not ended when the drain was over');
  expect(text).toContain('First failure: no such model');
});
