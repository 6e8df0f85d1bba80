import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Command, commandsIn, explainUnknown, type Surroundings } from './docs/commands.ts';
import { inlineCommandsOf, moduleIn, type SnippetModule, snippetsOf } from './docs/snippets.ts';
import { type StagedPackage, stagePackage, TSC } from './staged-package.ts';
import { run, succeed } from './subprocess.ts';
import { ROOT, readProject, type SourceFile } from './tidy/source-file.ts';

const documents = readProject().filter(({ path }) => /^(README\.md|docs\/.*\.md)$/.test(path));
const snippets = documents.flatMap(snippetsOf);
const modules = snippets.flatMap((snippet) => moduleIn(snippet) ?? []);
const commands = [...snippets, ...documents.flatMap(inlineCommandsOf)].flatMap((snippet) =>
  commandsIn(snippet).map((command) => ({ snippet, command })),
);

let staged: StagedPackage;

beforeAll(async () => {
  staged = await stagePackage();
  for (const module of modules) await writeModule(module);
});

afterAll(() => staged?.remove());

const COMPILER_OPTIONS = {
  target: 'es2023',
  lib: ['es2023', 'esnext.disposable'],
  module: 'nodenext',
  strict: true,
  types: ['node'],
  skipLibCheck: true,
  allowImportingTsExtensions: true,
  noEmit: true,
};

function folderOf({ snippet }: SnippetModule): string {
  return join(staged.folder, 'snippets', snippet.document.replaceAll('/', '_'));
}

async function writeModule(module: SnippetModule): Promise<void> {
  await mkdir(folderOf(module), { recursive: true });
  // A document that shows two files of one name means two different places; it has to say so.
  await writeFile(join(folderOf(module), module.fileName), module.snippet.text, { flag: 'wx' });
}

/** Errors of the TypeScript modules in the staged folder. */
async function compile(folder: string): Promise<string> {
  const config = { compilerOptions: COMPILER_OPTIONS, include: ['**/*.ts'] };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
  return (await run(process.execPath, [TSC, '-p', '.'], folder)).stdout;
}

/** As its reader would: TypeScript by tsx, JavaScript by Node.js alone. */
function runModule(folder: string, fileName: string): Promise<string> {
  const loader = fileName.endsWith('.ts') ? ['--import', 'tsx'] : [];
  return succeed(process.execPath, [...loader, fileName], folder);
}

const helps = new Map<string, Promise<string>>();
function help(program: 'spillway' | 'bench', args: readonly string[]): Promise<string> {
  const key = [program, ...args].join(' ');
  const start =
    program === 'spillway'
      ? [join(staged.folder, 'dist/src/cli/main.js')]
      : ['--import', 'tsx', join(ROOT, 'bench/main.ts')];
  const asked = helps.get(key) ?? succeed(process.execPath, [...start, ...args, '--help'], ROOT);
  helps.set(key, asked);
  return asked;
}

async function surroundings(): Promise<Surroundings> {
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  return { scripts, help, hasBin: (name) => existsSync(join(ROOT, 'node_modules/.bin', name)) };
}

describe('the documentation', () => {
  test('has TypeScript that compiles', async () => {
    const folder = join(staged.folder, 'snippets');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'at-least-one.ts'), "export { createEngine } from 'spillway';\n");
    expect(await compile(folder)).toBe('');
  });
  for (const module of modules.filter(({ runs }) => runs)) {
    test(`${module.snippet.document}:${module.snippet.line} runs to its end`, () =>
      runModule(folderOf(module), module.fileName));
  }
  for (const { snippet, command } of commands) {
    test(`${snippet.document}:${snippet.line} "${command.join(' ')}" exists`, async () => {
      expect(await explainUnknown(command, await surroundings())).toBe(undefined);
    });
  }
});

test.each(documents.flatMap(linksIn))('%s links to %s, which exists', (_document, path) => {
  expect(existsSync(join(ROOT, path))).toBe(true);
});

/** Document and path of every link to a file of the project. */
function linksIn({ path, text }: SourceFile): [string, string][] {
  const targets = [...text.matchAll(/\]\((?![a-z]+:)([^)#\s]+)[^)]*\)/g)].map(([, target]) => target!);
  return [...new Set(targets)].map((target) => [path, posix.join(posix.dirname(path), target)]);
}

describe('a snippet', () => {
  const fence = '```';

  test('is found in every kind of fence, with its line and its marks', () => {
    const text = `# a\n\n${fence}ts no-run\nlet a;\n${fence}\n- b\n\n  ~~~sh\n  npm ci\n  ~~~\n${fence}\nplain\n${fence}\n`;
    expect(snippetsOf({ path: 'a.md', text })).toEqual([
      { document: 'a.md', line: 4, language: 'ts', marks: ['no-run'], text: 'let a;\n' },
      { document: 'a.md', line: 9, language: 'sh', marks: [], text: 'npm ci\n' },
      { document: 'a.md', line: 12, language: '', marks: [], text: 'plain\n' },
    ]);
  });

  test('may be a command in the text itself', () => {
    const text = `a\n\`npm start -- b\` and \`npm\`\n${fence}ts\n\`npm test\`\n${fence}\n`;
    expect(inlineCommandsOf({ path: 'a.md', text })).toMatchObject([{ line: 2, text: 'npm start -- b' }]);
  });

  test('is a file if its first line says so', () => {
    const found = snippetsOf({ path: 'a.md', text: `${fence}js\n// work.js\nlet a;\n${fence}\n` });
    expect(found.map(moduleIn)).toMatchObject([{ fileName: 'work.js', language: 'js', runs: true }]);
    const other = snippetsOf({ path: 'a.md', text: `${fence}ts no-run\n// see work.js\n${fence}\n` });
    expect(other.map(moduleIn)).toMatchObject([{ fileName: 'line-2.ts', language: 'ts', runs: false }]);
  });

  test('that fails to compile or to run is found out', async () => {
    const folder = join(staged.folder, 'broken');
    await mkdir(folder);
    await writeFile(join(folder, 'wrong.ts'), "import { createEngin } from 'spillway';\ncreateEngin();\n");
    expect(await compile(folder)).toContain('wrong.ts(1,10): error');
    await expect(runModule(folder, 'wrong.ts')).rejects.toThrow('createEngin');
    await writeFile(join(folder, 'wrong.js'), "import 'spillway';\nprocess.exitCode = 3;\n");
    await expect(runModule(folder, 'wrong.js')).rejects.toThrow('exit code 3');
  });
});

describe('a command', () => {
  const parse = (language: string, text: string): Command[] =>
    commandsIn({ document: 'a.md', line: 1, language, marks: [], text });

  test('is found in every line of a shell snippet, and after the prompt of a console', () => {
    expect(
      parse('sh', 'npm ci && npm start # a\nA="b c" npx spillway digest \\\n  --json > out\n\n'),
    ).toEqual([
      ['npm', 'ci'],
      ['npm', 'start'],
      ['npx', 'spillway', 'digest', '--json'],
    ]);
    expect(parse('console', '$ npm test\n12 passed\n')).toEqual([['npm', 'test']]);
    expect(parse('ts', 'npm ci')).toEqual([]);
  });

  test.each([
    ['npm run chekc', 'no such script'],
    ['npx spilway', 'no such program'],
    ['npx spillway digets', 'not in its --help'],
    ['spillway digest --verfy', 'not in its --help'],
    ['npm start -- logs --verfy', 'not in its --help'],
    ['npm run bench -- lnaes', 'not in its --help'],
    ['npm run bench -- lanes --jsn a', 'not in its --help'],
  ])('that does not exist is found out: %s', async (line, why) => {
    expect(await explainUnknown(line.split(' '), await surroundings())).toContain(why);
  });

  test.each([
    'npm ci',
    'npm start',
    'npm test',
    'npm run check',
    'npm start -- logs --verify',
    'npx spillway upstream --port 8080',
    'npx -y node@24 --version',
    'npx vitest run test/queue',
    'spillway --version',
    'npm run bench -- lanes --json lanes.json',
    'curl http://127.0.0.1',
  ])('that exists is let pass: %s', async (line) => {
    expect(await explainUnknown(line.split(' '), await surroundings())).toBe(undefined);
  });
});
