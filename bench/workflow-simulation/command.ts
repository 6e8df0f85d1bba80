import { parseArgs } from 'node:util';
import { simulate } from '../../test/simulation/workflows/simulate.ts';
import { UsageError } from '../usage-error.ts';

const DEFAULT_SEEDS = 10_000;

const HELP = `Usage: npm run bench -- workflow-simulation [options]

Runs workflows made at random on a clock of their own, through faults, sheds, pauses, cancels, answers and restarts at
random, each seed twice, and checks that equal seeds give equal events, that replaying the events gives the state again,
and that the events keep to the rules. Nothing is built and nothing waits.

Options:
  --seeds <n>     how many (default ${DEFAULT_SEEDS})
  --from <seed>   the first one (default 1)
  --log           print definition, controls and events of the first failure
  --keep-going    go on after a failure
  -h, --help

Exit codes: 0 all is well, 1 a seed has failed, 2 wrong usage.
`;

/** Runs the bench with the arguments that follow its name; gives the exit code. */
export async function benchWorkflowSimulation(
  args: readonly string[],
  say: (line: string) => void,
): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string' },
      from: { type: 'string' },
      log: { type: 'boolean', default: false },
      'keep-going': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const seeds = wholeNumber('--seeds', values.seeds ?? String(DEFAULT_SEEDS));
  const from = wholeNumber('--from', values.from ?? '1');
  let unheard = 0;
  process.on('unhandledRejection', (error) => {
    unheard++;
    say(`unhandled rejection: ${error instanceof Error ? error.stack : error}`);
  });
  const startedAtMs = performance.now();
  const sums = { events: 0, runs: 0, restarts: 0 };
  const ends: Record<string, number> = {};
  let failures = 0;
  for (let seed = from; seed < from + seeds; seed++) {
    const first = await simulate(seed);
    const again = await simulate(seed);
    const faults = [...first.faults];
    if (again.hash !== first.hash) faults.push(`two simulations differ: ${first.hash} and ${again.hash}`);
    // Rejections that nobody hears are told once the turn is over.
    await new Promise((resolve) => setImmediate(resolve));
    if (unheard > 0) faults.push(`${unheard} unhandled rejections`);
    unheard = 0;
    sums.events += first.events;
    sums.runs += first.runs;
    sums.restarts += first.restarts;
    ends[first.status] = (ends[first.status] ?? 0) + 1;
    if (faults.length > 0) {
      failures++;
      say(`seed ${seed}:\n  ${faults.join('\n  ')}`);
      if (values.log && failures === 1) say(first.log());
      if (!values['keep-going']) break;
    }
    if ((seed - from + 1) % 500 === 0) {
      const heapMiB = process.memoryUsage().heapUsed / 2 ** 20;
      say(`${seed - from + 1} of ${seeds} seeds, ${failures} failed, heap ${heapMiB.toFixed(0)} MiB`);
    }
  }
  const seconds = (performance.now() - startedAtMs) / 1_000;
  process.stdout.write(
    `${failures === 0 ? 'PASS' : 'FAIL'}: ${seeds} seeds from ${from} on, each twice, ${failures} failed; ` +
      `${sums.runs} runs, ${sums.events} events, ${sums.restarts} restarts, ends ${JSON.stringify(ends)}; ${seconds.toFixed(1)} s\n`,
  );
  return failures === 0 ? 0 : 1;
}

function wholeNumber(flag: string, given: string): number {
  const value = Number(given);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new UsageError(`${flag}: expected a whole number from 1 on, got ${given}`);
}
