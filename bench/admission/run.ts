import { simulate } from '../../test/simulation/scenario.ts';
import { SPILLWAY } from '../row.ts';
import { type Case, type Figures, figuresOf, type Row } from './case.ts';
import { medianOf } from './targets.ts';

export interface RunOptions {
  /** How many seeds, from 1 on, for Spillway. */
  readonly seeds: number;
  /** The same for the others. */
  readonly otherSeeds: number;
  /** Called with a line after each case. */
  readonly progress: (line: string) => void;
}

/** Runs all cases, one after the other. */
export async function run(cases: readonly Case[], options: RunOptions): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [index, { scenario, course, part, contender, name, lane, knee }] of cases.entries()) {
    const seeds = Array.from(
      { length: contender === SPILLWAY ? options.seeds : options.otherSeeds },
      (_, i) => i + 1,
    );
    const runs: Figures[] = [];
    for (const seed of seeds) runs.push(figuresOf(await simulate({ ...scenario, seed }), course));
    rows.push({ part, contender, name, lane, knee, seeds, runs });
    const goodput = medianOf(runs.map((figures) => figures.goodput)).toFixed(3);
    const p99 = medianOf(runs.map((figures) => figures.p99)).toFixed(2);
    const what = `${part} ${lane}${lane === 'loop' ? ` knee ${knee}` : ''} ${name}, ${contender}`;
    options.progress(
      `[${index + 1}/${cases.length}] ${what}: goodput ${goodput}, p99 ${p99} of the objective`,
    );
  }
  return rows;
}
