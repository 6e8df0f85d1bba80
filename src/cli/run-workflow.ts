import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { SpillwayError } from '../contract/errors.ts';
import type { Answer } from '../contract/workflow-run.ts';
import { wholeNumber } from './option-values.ts';
import { printFatal } from './print-out.ts';
import type { Terminal } from './terminal.ts';
import { Answers } from './workflow-answers.ts';
import { answerIn, inputOf, type Named, signalIn } from './workflow-input.ts';

interface RunFlags {
  readonly input?: string;
  readonly inputFile?: string;
  readonly id?: string;
  readonly answer: readonly Named<Answer>[];
  readonly signal: readonly Named<unknown>[];
  readonly threads?: number;
  readonly events?: string;
  readonly json?: true;
  readonly quiet?: true;
}

const EXAMPLES = `
Examples:
  spillway run examples/research-and-write.mjs
  spillway run examples/log-triage.mjs --input '{"paths":["app.log"]}' --threads 2
  spillway run examples/purchase-saga.mjs --input-file order.json --json > result.json
  spillway run report.mjs --id report-42 --events events.ndjson --quiet
  spillway run publish.mjs --answer approve=true --answer 'research[3]=refuse: no source'

The file is a module with the exports \`workflow\`, made with workflow(...).build(), and \`agents\`, made with ioAgent()
and cpuAgent(); and if need be \`engine\`, options of createEngine(), and \`input\`, used if none is given here. It may be
TypeScript if tsx is installed.

Ctrl-C finishes what runs and starts nothing more; once more cancels the run, with its compensation; a third time ends
the process. A step that waits for a person asks on a terminal; elsewhere --answer answers.

Exit codes: 0 success, 1 failed, 2 wrong usage, module or input, or no output, 3 partial: something is missing,
4 stopped because it waits for a person or a signal, 130 stopped by Ctrl-C.`;

/** The command `spillway run <file>`. */
export function runCommand(terminal: Terminal, exit: (code: number) => void): Command {
  const many =
    <T>(parse: (text: string) => T) =>
    (text: string, before: readonly T[]): readonly T[] => [...before, parse(text)];
  return new Command('run')
    .description('Runs a workflow and shows how far it is.')
    .argument('<file>', 'module with the exports `workflow` and `agents`')
    .option('--input <json>', "input of the workflow (default: the module's)")
    .addOption(new Option('--input-file <file>', 'file with the input, as JSON').conflicts('input'))
    .option('--id <id>', 'id of the run (default: made up)')
    .option(
      '--answer <step=answer>',
      'answers a step that waits for a person; may be repeated',
      many(answerIn),
      [],
    )
    .option('--signal <name=json>', 'sends a signal; may be repeated', many(signalIn), [])
    .option(
      '--threads <n>',
      'worker threads (default: as many as the machine runs at once)',
      wholeNumber(1, 1_024),
    )
    .option('--events <file>', 'write all events to the file, a line of JSON each')
    .option('--json', 'print the result as JSON')
    .option('--quiet', 'show no progress')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, flags: RunFlags) => {
      try {
        exit(await runWorkflow(file, flags, terminal));
      } catch (error) {
        if (flags.json && error instanceof SpillwayError) await printFatal(terminal, error);
        throw error;
      }
    });
}

async function runWorkflow(file: string, flags: RunFlags, terminal: Terminal): Promise<number> {
  const [{ loadWorkflowModule }, { EventFile }, { AttendedRun }] = await Promise.all([
    import('./workflow-module.ts'),
    import('./event-file.ts'),
    import('./attended-run.ts'),
  ]);
  const { workflow, agents, engine: options, input: own } = await loadWorkflowModule(file, terminal.cwd);
  const answers = new Answers(flags.answer, workflow);
  const input = await inputOf(flags, own, terminal.cwd);
  const events =
    flags.events === undefined ? undefined : await EventFile.open(resolve(terminal.cwd, flags.events));
  const { createEngine } = await import('../engine.ts');
  const { threads = options.threads?.count } = flags;
  const engine = await createEngine({
    ...options,
    agents,
    ...(threads !== undefined && { threads: { ...options.threads, count: threads } }),
  });
  try {
    const run = await engine.start(workflow, input, flags.id === undefined ? {} : { id: flags.id });
    for (const { name, value } of flags.signal) await run.signal(name, value);
    const tree = { run, workflow, runOf: (id: string) => engine.workflowRun(id) };
    return await new AttendedRun(tree, answers, terminal, { ...flags, events }).toItsEnd();
  } finally {
    await engine.close();
    await events?.close();
  }
}
