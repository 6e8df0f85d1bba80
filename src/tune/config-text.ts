import type { SpillwayConfig, TunedValue } from '../contract/tuned-config.ts';
import { countText, durationText, percentText, shortText } from '../report/number-text.ts';
import { table } from '../report/text-table.ts';
import type { Confirmation, Confirmed } from './confirm.ts';
import type { Refusal } from './refusals.ts';

/** A configuration as its reader sees it on the screen. */
export function configText(config: SpillwayConfig, path: string): string {
  const { objective, predicted, model, reports } = config;
  const { nearest } = objective;
  const { low, high } = predicted.p99RangeMs;
  return [
    `tuned for p99 <= ${durationText(objective.sloP99Ms)} from ${reports.join(', ')}`,
    '',
    ...line('threads', config.threads),
    ...line('queue limit', config.queueLimit),
    ...line('threshold', config.threshold),
    ...line('batch quantum', config.quantumMs, ' ms'),
    ...config.agents.flatMap(({ name, limit, timeoutMs }) => [
      ...(limit === null ? [] : line(`limit of ${name}`, limit)),
      ...line(`timeout of ${name}`, timeoutMs, ' ms'),
    ]),
    '',
    `expected at ${shortText(predicted.offeredPerSecond)} /s offered: p99 ${durationText(predicted.p99Ms)} (${durationText(low)} to ${durationText(high)}), p50 ${durationText(predicted.p50Ms)}, goodput ${shortText(predicted.goodputPerSecond)} /s, shed ${percentText(predicted.shedShare)}`,
    `nearest to the objective: ${nearest.agent}, p99 ${durationText(nearest.p99Ms)}`,
    model === null
      ? 'the model was not checked: it does not know the admission policy of the measured run'
      : `the model checked on the measured run: p99 ${durationText(model.simulatedP99Ms)} simulated, ${durationText(model.measuredP99Ms)} measured`,
    '',
    path,
    '',
  ].join('\n');
}

function line(name: string, { value, because, from, without }: TunedValue, unit = ''): string[] {
  const percentile = from.percentile === null ? 'means' : `p${from.percentile}`;
  const source = `${percentile} of ${countText(from.samples)} samples, ${from.report}`;
  const unlike =
    without === null
      ? []
      : [
          `      left as measured: p99 ${durationText(without.p99Ms)}, goodput ${shortText(without.goodputPerSecond)} /s`,
        ];
  return [`  ${name}: ${value}${unit}  (${source})`, `      ${because}`, ...unlike];
}

/** Why there is no configuration, a line each. */
export function refusalText(refusals: readonly Refusal[]): string {
  return refusals.map(({ reason, message }) => `refused (${reason}): ${message}\n`).join('');
}

/** Predicted beside measured. */
export function confirmationText(confirmation: Confirmation): string {
  const { rows, isMet, isPredicted, modelP99Ms, valid, reasons, notes } = confirmation;
  const cells = rows.map((row) => [
    row.what,
    valueText(row.predicted, row),
    valueText(row.measured, row),
    changeText(row),
  ]);
  return [
    ...table(['', 'predicted', 'measured', 'off by'], cells, ['left']),
    '',
    valid
      ? `objective ${isMet ? 'met' : 'missed'}`
      : `the run is invalid and proves nothing: ${reasons.join('; ')}`,
    isPredicted ? 'p99 predicted to within 15 %' : 'p99 was further off than 15 %',
    ...(modelP99Ms === null
      ? []
      : [
          `with the service times and arrivals of this run the model gives a p99 of ${durationText(modelP99Ms)}`,
        ]),
    ...notes,
    '',
  ].join('\n');
}

function valueText(value: number, { unit }: Confirmed): string {
  if (unit === 'share') return percentText(value);
  return unit === 'ms' ? durationText(value) : `${shortText(value)} /s`;
}

function changeText({ predicted, measured, unit }: Confirmed): string {
  if (unit === 'share') return `${((predicted - measured) * 100).toFixed(1)} pp`;
  return measured === 0 ? '' : `${((predicted / measured - 1) * 100).toFixed(1)} %`;
}
