import type { ComparedMeasure, Comparison } from './compare.ts';
import { durationText, percentText, shortText } from './number-text.ts';
import { type Alignment, table } from './text-table.ts';

const ALIGNMENTS: readonly Alignment[] = ['left', 'left', 'right', 'right', 'right', 'right', 'left'];

/** Two runs as their reader sees them on the screen. */
export function comparisonText(
  { warnings, settings, goodputPerSecond, measures }: Comparison,
  names: readonly [string, string],
): string {
  const rows = measures.map((measure, i) => [
    measure.scope === measures[i - 1]?.scope ? '' : measure.scope,
    measure.measure,
    valueText(measure.a, measure),
    valueText(measure.b, measure),
    changeText(measure),
    intervalText(measure),
    measure.difference.verdict,
  ]);
  const sections = [
    [`a: ${names[0]}`, `b: ${names[1]}`],
    warnings.map((warning) => `warning: ${warning}`),
    settings.map(({ name, a, b }) => `${name}: ${a} -> ${b}`),
    [`goodput: ${shortText(goodputPerSecond.a)} /s -> ${shortText(goodputPerSecond.b)} /s`],
    table(['', '', 'a', 'b', 'change', '95 % of the difference', ''], rows, ALIGNMENTS),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function valueText(value: number, { unit }: ComparedMeasure): string {
  return unit === 'ms' ? durationText(value) : percentText(value);
}

function changeText({ unit, a, difference: { value } }: ComparedMeasure): string {
  if (unit === 'share') return `${signed(100 * value)} pp`;
  return a === 0 ? '' : `${signed((100 * value) / a)} %`;
}

function intervalText({ unit, difference: { low, high } }: ComparedMeasure): string {
  const text = (n: number) => (unit === 'ms' ? signed(n) : signed(100 * n));
  return `${text(low)} .. ${text(high)} ${unit === 'ms' ? 'ms' : 'pp'}`;
}

function signed(n: number): string {
  const text = n.toFixed(Math.abs(n) < 10 ? 2 : 1);
  return n > 0 ? `+${text}` : text;
}
