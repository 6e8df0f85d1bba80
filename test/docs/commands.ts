import type { Snippet } from './snippets.ts';

/** A command line, in words. */
export type Command = readonly string[];

/** The command lines of a shell snippet: every line, or in a `console` snippet those after a `$`. */
export function commandsIn({ language, text }: Snippet): Command[] {
  if (!['sh', 'bash', 'shell', 'console'].includes(language)) return [];
  const lines = text.replaceAll(/\\\n\s*/g, ' ').split('\n');
  const typed = language === 'console' ? lines.flatMap((line) => /^\s*\$ (.*)/.exec(line)?.[1] ?? []) : lines;
  return typed
    .map((line) => line.replace(/(^|\s)#.*/, ''))
    .flatMap((line) => line.split(/&&|\|\||[;|&]/))
    .map(wordsOf)
    .filter((words) => words.length > 0);
}

/** Without settings of the environment in front, and without redirections. */
function wordsOf(line: string): Command {
  const words = line.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  const start = words.findIndex((word) => !/^\w+=/.test(word));
  const redirection = words.findIndex((word) => /^\d?[<>]/.test(word));
  return start < 0 ? [] : words.slice(start, redirection < 0 ? undefined : redirection);
}

/** What a command may refer to. */
export interface Surroundings {
  /** Of package.json. */
  readonly scripts: Readonly<Record<string, string>>;
  /** Whether `node_modules/.bin` has it. */
  readonly hasBin: (name: string) => boolean;
  /** What `program ...args --help` prints. */
  readonly help: (program: 'spillway' | 'bench', args: readonly string[]) => Promise<string>;
}

/** What in the command does not exist; `undefined` if all of it does, or if it is none of ours. */
export async function explainUnknown(command: Command, around: Surroundings): Promise<string | undefined> {
  const [program, ...args] = command;
  if (program === 'npm') return explainScript(args, around);
  if (program === 'npx') {
    const [name = '', ...rest] = args.filter((arg, index) => !(index === 0 && /^(-y|--yes)$/.test(arg)));
    if (name === 'spillway') return explainFlags('spillway', rest, around);
    return /@/.test(name) || around.hasBin(name) ? undefined : `npx ${name}: there is no such program`;
  }
  if (program === 'spillway') return explainFlags('spillway', args, around);
  if (program === 'node' && args[0] === 'dist/src/cli/main.js') {
    return explainFlags('spillway', args.slice(1), around);
  }
  if (program === 'tsx' && args[0] === 'bench/main.ts') return explainFlags('bench', args.slice(1), around);
  return undefined;
}

async function explainScript(args: readonly string[], around: Surroundings): Promise<string | undefined> {
  const [verb = '', ...rest] = args;
  const isRun = verb === 'run' || verb === 'run-script';
  if (!isRun && verb !== 'start' && verb !== 'test') return undefined;
  const name = isRun ? (rest.shift() ?? '') : verb;
  const script = around.scripts[name];
  if (script === undefined) return `npm run ${name}: package.json has no such script`;
  const dashes = rest.indexOf('--');
  const passed = dashes < 0 ? [] : rest.slice(dashes + 1);
  return explainUnknown([...script.split(' '), ...passed], around);
}

async function explainFlags(
  program: 'spillway' | 'bench',
  args: readonly string[],
  around: Surroundings,
): Promise<string | undefined> {
  const [name] = args;
  const isNamed = name !== undefined && !name.startsWith('-');
  if (isNamed) {
    const overview = await around.help(program, []);
    if (!new RegExp(`^ {2}${name}\\b`, 'm').test(overview)) return `${program} ${name}: not in its --help`;
  }
  // The benches share their options.
  const help = await around.help(program, isNamed && program === 'spillway' ? [name] : []);
  const known = new Set(help.match(/(?<![\w-])--?[a-zA-Z][\w-]*/g));
  const unknown = args.filter((arg) => arg.startsWith('-')).map((arg) => arg.split('=', 1)[0]!);
  const first = unknown.find((flag) => !known.has(flag));
  return first === undefined
    ? undefined
    : `${program}${isNamed ? ` ${name}` : ''} ${first}: not in its --help`;
}
