import { resolve } from 'node:path';
import { Command } from 'commander';
import type { DeadLetterFilter, RedriveResult } from '../contract/dead-letters.ts';
import type { Engine } from '../contract/engine.ts';
import { ConfigError } from '../contract/errors.ts';
import { wholeNumber } from './option-values.ts';
import { printJson, printOut } from './print-out.ts';
import { withStopSignal } from './stop-signal.ts';
import { EXIT, type Terminal } from './terminal.ts';

const EXAMPLES = `
Examples:
  spillway dead-letters list ./letters                     newest first; --limit 20, --json
  spillway dead-letters list ./letters --agent parse --code POISON --tenant acme --tag nightly
  spillway dead-letters show ./letters dmwqfl866000
  spillway dead-letters redrive ./letters --module ./agents.mjs dmwqfl866000
  spillway dead-letters redrive ./letters --module ./agents.mjs --all
  spillway dead-letters purge ./letters --agent parse      or ids, or --all

FOLDER is what the engine was given as deadLetters.folder. list and show read it while an engine uses it; purge and
redrive need it for themselves: with a running engine, use engine.deadLetters.
The module has an export \`agents\`, made with ioAgent() and cpuAgent(), as for spillway load.

Exit codes: 0 done, 1 not all completed (redrive), 2 wrong usage, no such folder or letter, or in use by an engine.`;

interface FilterFlags extends DeadLetterFilter {
  readonly all?: true;
  readonly limit?: number;
  readonly json?: true;
  readonly module?: string;
}

type Exit = (code: number) => void;

/** The command `spillway dead-letters`. */
export function deadLettersCommand(terminal: Terminal, exit: Exit): Command {
  const command = new Command('dead-letters')
    .description('Lists tasks that failed for good, shows one, runs them again, or removes them.')
    .addHelpText('after', EXAMPLES);
  const sub = (usage: string, text: string) =>
    command.command(usage).description(text).option('--json', 'print JSON');
  filtered(sub('list <folder>', 'lists letters, newest first'))
    .option('--limit <n>', 'at most so many', wholeNumber(1, 1_000_000), 100)
    .action(async (folder: string, flags: FilterFlags) => exit(await list(folder, flags, terminal)));
  sub('show <folder> <id>', 'shows a letter with its input and its attempts').action(
    async (folder: string, id: string, flags: FilterFlags) => exit(await show(folder, id, flags, terminal)),
  );
  filtered(sub('purge <folder> [ids...]', 'removes letters: by id, by filter, or --all'))
    .option('--all', 'all of them')
    .action(async (folder: string, ids: string[], flags: FilterFlags) =>
      exit(await purge(folder, ids, flags, terminal)),
    );
  filtered(sub('redrive <folder> [ids...]', 'runs tasks again; those that complete leave the folder'))
    .requiredOption('--module <file>', 'the module with the agents')
    .option('--all', 'all of them')
    .action(async (folder: string, ids: string[], flags: FilterFlags) =>
      exit(await redrive(folder, ids, flags, terminal)),
    );
  return command;
}

function filtered(command: Command): Command {
  return command
    .option('--agent <name>', 'only of this agent')
    .option('--capability <name>', 'only submitted for this capability')
    .option('--tenant <name>', 'only of this tenant')
    .option('--tag <tag>', 'only with this tag')
    .option('--code <code>', 'only those that failed with this code');
}

async function list(folder: string, flags: FilterFlags, terminal: Terminal): Promise<number> {
  const [{ readLetters }, { meetsFilter }] = await Promise.all([
    import('../dead-letters/read-folder.ts'),
    import('../dead-letters/letter.ts'),
  ]);
  const letters = readLetters(resolve(terminal.cwd, folder))
    .map(({ letter }) => letter)
    .filter((letter) => meetsFilter(letter, conditionsIn(flags)))
    .slice(0, flags.limit);
  if (flags.json) await printJson(terminal, letters);
  else await printOut(terminal, (await import('./dead-letter-text.ts')).listText(letters));
  return EXIT.ok;
}

async function show(folder: string, id: string, flags: FilterFlags, terminal: Terminal): Promise<number> {
  const [{ readLetters }, { letterText, letterJson }] = await Promise.all([
    import('../dead-letters/read-folder.ts'),
    import('./dead-letter-text.ts'),
  ]);
  const found = readLetters(resolve(terminal.cwd, folder)).find(({ letter }) => letter.id === id);
  if (found === undefined) throw unknownLetter(id, folder);
  if (flags.json) await printJson(terminal, letterJson(found.open()));
  else await printOut(terminal, letterText(found.open()));
  return EXIT.ok;
}

async function purge(folder: string, ids: string[], flags: FilterFlags, terminal: Terminal): Promise<number> {
  const purged = await withLetters(folder, undefined, terminal, async ({ deadLetters }) =>
    whichOf(ids, flags).reduce((sum, which) => sum + deadLetters.purge(which), 0),
  );
  if (flags.json) await printJson(terminal, { purged });
  else await printOut(terminal, `${purged} removed\n`);
  return EXIT.ok;
}

async function redrive(
  folder: string,
  ids: string[],
  flags: FilterFlags,
  terminal: Terminal,
): Promise<number> {
  const which = whichOf(ids, flags);
  const result = await withStopSignal(terminal.process, (signal) =>
    withLetters(folder, flags.module, terminal, async ({ deadLetters }) =>
      sumOf(await Promise.all(which.map((one) => deadLetters.redrive(one, { signal })))),
    ),
  );
  if (flags.json) await printJson(terminal, result);
  else await printOut(terminal, (await import('./dead-letter-text.ts')).redriveText(result));
  return result.failed + result.skipped.length === 0 ? EXIT.ok : EXIT.failed;
}

/** With an engine that has the folder for itself, and drops nothing of what another one has put there. */
async function withLetters<T>(
  folder: string,
  module: string | undefined,
  terminal: Terminal,
  use: (engine: Pick<Engine, 'deadLetters'>) => Promise<T>,
): Promise<T> {
  const [{ createEngine }, { loadOwnModule }, { readLetters }] = await Promise.all([
    import('../engine.ts'),
    import('../load/own-module.ts'),
    import('../dead-letters/read-folder.ts'),
  ]);
  const path = resolve(terminal.cwd, folder);
  // A folder that is not there is a mistake here, not one to be made.
  readLetters(path);
  const agents = module === undefined ? [] : (await loadOwnModule(module, terminal.cwd)).agents;
  const engine = await createEngine({
    agents,
    deadLetters: { folder: path, limit: 1_000_000, maxBytes: Number.MAX_SAFE_INTEGER },
  });
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

function whichOf(ids: readonly string[], flags: FilterFlags): (string | DeadLetterFilter)[] {
  const conditions = conditionsIn(flags);
  const ways = [ids.length > 0, flags.all === true, Object.keys(conditions).length > 0].filter(Boolean);
  if (ways.length === 1) return ids.length > 0 ? [...ids] : [conditions];
  const expected = 'ids, or a filter such as --agent, or --all';
  const received = ways.length === 0 ? 'none' : 'several of them';
  throw new ConfigError('INVALID_OPTION', 'ids', `expected ${expected}; got ${received}`, {
    expected,
    received,
  });
}

function conditionsIn({ agent, capability, tenant, tag, code }: FilterFlags): DeadLetterFilter {
  const given = Object.entries({ agent, capability, tenant, tag, code });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

function sumOf(results: readonly RedriveResult[]): RedriveResult {
  return {
    completed: results.reduce((sum, { completed }) => sum + completed, 0),
    failed: results.reduce((sum, { failed }) => sum + failed, 0),
    skipped: results.flatMap(({ skipped }) => skipped),
  };
}

function unknownLetter(id: string, folder: string): ConfigError {
  const message = `no dead letter "${id}" in ${folder}; spillway dead-letters list ${folder} names those there are`;
  return new ConfigError('INVALID_OPTION', 'id', message, { received: id });
}
