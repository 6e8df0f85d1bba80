import { describe, expect, test } from 'vitest';
import { ERROR_CODES } from '../src/contract/errors.ts';
import { FILE_CODES } from '../src/digest/issue.ts';
import { noCycles } from './tidy/cycles.ts';
import { errorCodes } from './tidy/error-codes.ts';
import { noDrawers, shortFiles } from './tidy/file-shape.ts';
import { importsOf } from './tidy/imports.ts';
import { breaches, LINE_RULES, nothingOfThisMachine } from './tidy/line-rules.ts';
import { portableLockFile, shippedImports, usedDependencies } from './tidy/packages.ts';
import { oneWayImports } from './tidy/rooms.ts';
import { ROOT, type Rule, readProject, type SourceFile, withoutComments } from './tidy/source-file.ts';

const project = readProject();
const CODES = [...Object.keys(ERROR_CODES), ...Object.keys(FILE_CODES)];

const RULES: Readonly<Record<string, Rule>> = {
  'rooms import one way': oneWayImports,
  'no module imports itself': noCycles,
  'what ships imports declared packages, and Piscina in one file': shippedImports,
  'every dependency is used': usedDependencies,
  'the lock file names no registry': portableLockFile,
  'files are short': shortFiles,
  'files are named by a concept': noDrawers,
  'no file names this machine': nothingOfThisMachine,
  'error codes are those of the table': (files) => errorCodes(files, CODES),
};

describe('the project keeps the rules', () => {
  test('and there is a project to look at', () => {
    const paths = project.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['package.json', 'src/index.ts', 'test/tidy.test.ts']));
    expect(paths.filter((path) => path.includes('node_modules'))).toEqual([]);
  });
  for (const [name, rule] of Object.entries(RULES)) test(name, () => expect(rule(project)).toEqual([]));
  for (const name of Object.keys(LINE_RULES)) {
    test(`no line has: ${name}`, () => expect(breaches(name, project)).toEqual([]));
  }
});

/** What breaks each rule, and beside it, what looks like it and does not. */
const SAMPLES: Readonly<Record<string, { readonly bad: SourceFile[][]; readonly good: SourceFile[] }>> = {
  'rooms import one way': {
    bad: [
      [file('src/contract/task.ts', "import { Slot } from '../load-table/layout.ts';")],
      [file('src/queue/heap.ts', "import type { Gate } from '../admission/gate.ts';")],
      [file('src/lanes/lane.ts', "export { Engine } from '../engine.ts';")],
      [file('src/dispatch/route.ts', "const late = await import('../supervisor/registry.ts');")],
      [file('src/engine.ts', "import {\n  run,\n} from './cli/run.ts';")],
      [file('src/cli/main.ts', "import '../panel/server.ts';")],
      [file('src/lanes/lane.ts', "import { run } from '../../workers/thread.ts';")],
      [file('workers/thread.ts', "import { Heap } from '../src/queue/heap.ts';")],
      [file('workers/thread.ts', "import { terms } from '../src/digest/terms.ts';")],
      [file('workers/aggregate-handler.ts', "import { Graph } from '../src/workflow/graph.ts';")],
      [file('src/workflow/aggregate/vote.ts', "import { Graph } from '../graph.ts';")],
      [file('src/drawer/thing.ts', 'export const a = 1;')],
      [file('src/thing.ts', 'export const a = 1;')],
    ],
    good: [
      file('src/queue/heap.ts', "import { a } from '../contract/task.ts';\nimport { b } from './b.ts';"),
      file('src/engine.ts', "import { a } from './stream.ts';\nimport { b } from './lanes/lane.ts';"),
      file('workers/digest-terms.ts', "import { a } from '../src/digest/terms.ts';"),
      file('workers/aggregate-handler.ts', "import { a } from '../src/workflow/aggregate/part.ts';"),
      file('src/workflow/runner.ts', "import { a } from './aggregate/part.ts';"),
      file('test/queue/heap.test.ts', "import { a } from '../../src/queue/heap.ts';"),
    ],
  },
  'no module imports itself': {
    bad: [
      [file('src/queue/a.ts', "import './a.ts';")],
      [
        file('src/queue/a.ts', "import { b } from './b.ts';"),
        file('src/queue/b.ts', "import { c } from './c.ts';"),
        file('src/queue/c.ts', "export { a } from './a.ts';"),
      ],
    ],
    good: [
      file('src/queue/a.ts', "import { b } from './b.ts';\nimport { c } from './c.ts';"),
      file('src/queue/b.ts', "import { c } from './c.ts';\nimport type { A } from './a.ts';"),
    ],
  },
  'what ships imports declared packages, and Piscina in one file': {
    bad: [
      [file('src/lanes/thread-lane.ts', "import type { Piscina } from 'piscina';"), declares('piscina')],
      [file('src/lanes/thread-lane.ts', "await import('piscina');"), declares('piscina')],
      [file('src/lanes/thread-lane.ts', "import x from '@a/b/c.js';"), declares('@a/c')],
      [file('src/lanes/thread-lane.ts', 'await import(name);')],
    ],
    good: [
      file('src/lanes/thread-pool.ts', "import { Piscina } from 'piscina';\nimport 'node:fs';"),
      file('test/a.test.ts', "import { test } from 'vitest';"),
      declares('piscina'),
    ],
  },
  'every dependency is used': {
    bad: [[declares('left-over'), file('src/index.ts', "import 'other';")]],
    good: [declares('@a/b'), file('src/index.ts', "import { b } from '@a/b/c';")],
  },
  'the lock file names no registry': {
    bad: [[file('package-lock.json', '{"packages":{"node_modules/a":{"resolved":"https://b/a.tgz"}}}')]],
    good: [file('package-lock.json', '{"packages":{"node_modules/a":{"version":"1.0.0"}}}')],
  },
  'files are short': {
    bad: [[file('workers/long.ts', '\n'.repeat(301))]],
    good: [file('workers/long.ts', '\n'.repeat(300)), file('docs/long.md', '\n'.repeat(301))],
  },
  'files are named by a concept': {
    bad: ['src/lanes/utils.ts', 'src/types.ts', 'test/helpers/pool.ts', 'bench/common.js'].map((path) => [
      file(path, ''),
    ]),
    good: [file('src/contract/standard-types.ts', ''), file('docs/types.md', '')],
  },
  'no file names this machine': {
    bad: [[file('README.md', `cd ${ROOT}`)]],
    good: [file('README.md', 'cd spillway')],
  },
  'error codes are those of the table': {
    bad: [
      [file('src/a.ts', `${CODES.map((code) => `use('${code}');`).join('')} new TaskError('TIMED_OUT');`)],
      [file('src/a.ts', `type Code = ${CODES.map((code) => `| '${code}'`).join(' ')};`)],
    ],
    good: [file('src/a.ts', CODES.map((code) => `new TaskError('${code}');`).join('\n'))],
  },
};

type Line = readonly [path: string, text: string];
const LINES: Readonly<Record<string, { readonly bad: readonly Line[]; readonly good: readonly Line[] }>> = {
  'export *': {
    bad: [['src/index.ts', "export * from './engine.ts';"]],
    good: [['src/index.ts', "// export * from './engine.ts';"]],
  },
  'default export': {
    bad: [['src/engine.ts', 'export default engine;']],
    good: [['workers/digest-terms.ts', 'export default function terms() {}']],
  },
  'time and randomness': {
    bad: [
      ['src/engine.ts', 'const now = Date.now;'],
      ['workers/thread.ts', 'const at = performance.now();'],
      ['src/queue/heap.ts', 'if (Math.random() < 0.5) {'],
    ],
    good: [
      ['src/contract/clock.ts', 'return performance.now();'],
      ['src/engine.ts', '/** Like `Date.now`, in milliseconds. */'],
      ['bench/harness.ts', 'performance.now()'],
    ],
  },
  any: {
    bad: [
      ['src/a.ts', 'const a: any = 1;'],
      ['test/a.test.ts', 'run(a as any);'],
      ['bench/a.ts', 'new Map<any, string>()'],
    ],
    good: [
      ['src/a.ts', 'v.optional(v.any())'],
      ['src/a.ts', '// what: any of them'],
    ],
  },
  'switched-off type check': {
    bad: [['src/a.ts', '// @ts-ignore']],
    good: [['test/a.test.ts', '// @ts-expect-error: not a number']],
  },
  'test left out': {
    bad: [
      ['test/a.test.ts', "test.only('a', () => {});"],
      ['test/a.test.ts', "describe.skip('a', () => {});"],
      ['test/a.test.ts', "  it.todo('a');"],
    ],
    good: [['test/a.test.ts', "test('a', () => {});"]],
  },
  sleep: {
    bad: [
      ['test/a.test.ts', 'await new Promise((resolve) => setTimeout(resolve, 10));'],
      ['test/a.test.ts', 'await sleep(250);'],
    ],
    good: [['test/a.test.ts', 'await new Promise((resolve) => setTimeout(resolve, 0));']],
  },
  mock: {
    bad: [['test/a.test.ts', "vi.mock('../src/engine.ts');"]],
    good: [['test/a.test.ts', 'vi.useFakeTimers();']],
  },
  'machine path': {
    bad: [
      ['README.md', 'cd /home/me/spillway'],
      ['src/a.ts', "// see '/root/notes'"],
    ],
    good: [
      ['README.md', 'https://example.com/home/me, ./work/a and ~/work/a'],
      ['README.md', 'cd /tmp'],
    ],
  },
  'package registry': {
    bad: [['.ci/run', 'npm ci --registry https://registry.npmjs.org']],
    good: [['src/a.ts', 'registry.agents.values()']],
  },
};

describe('each rule finds what breaks it, and nothing else', () => {
  test('and every rule has its samples', () => {
    expect(Object.keys(SAMPLES)).toEqual(Object.keys(RULES));
    expect(Object.keys(LINES)).toEqual(Object.keys(LINE_RULES));
  });
  for (const [name, { bad, good }] of Object.entries(SAMPLES)) {
    test(name, () => {
      for (const files of bad) expect(RULES[name]!(files), files[0]!.text).not.toEqual([]);
      expect(RULES[name]!(good)).toEqual([]);
    });
  }
  for (const [name, { bad, good }] of Object.entries(LINES)) {
    test(`no line has: ${name}`, () => {
      for (const [path, text] of bad) expect(breaches(name, [file(path, text)]), text).toHaveLength(1);
      for (const [path, text] of good) expect(breaches(name, [file(path, text)]), text).toEqual([]);
    });
  }
});

test('an exception names a file that there is', () => {
  const paths = project.map(({ path }) => path);
  const excepted = Object.values(LINE_RULES).flatMap(({ except = {} }) => Object.keys(except));
  expect(excepted.filter((path) => !paths.includes(path))).toEqual([]);
});

test('imports are found in every form', () => {
  const text = [
    '/* eslint',
    "import './in-a-comment.ts'; */",
    "import './bare.ts';",
    "import one, { type Two } from './named.ts';",
    'import {',
    '  three,',
    "} from './lines.ts';",
    "import type { Four } from './type.ts';",
    "export { five } from './again.ts';",
    "const six = await import('./dynamic.ts'); // import('./also-in-a-comment.ts')",
    'const seven = await import(six);',
    "export const eight = 'not-imported';",
    "const nine = new URL('./not-imported.ts', import.meta.url);",
  ].join('\n');
  expect(
    importsOf(file('src/a/b.ts', text)).map(
      ({ line, target, typeOnly }) => `${line} ${target}${typeOnly ? ' type' : ''}`,
    ),
  ).toEqual([
    '3 src/a/bare.ts',
    '4 src/a/named.ts',
    '5 src/a/lines.ts',
    '8 src/a/type.ts type',
    '9 src/a/again.ts',
    '10 src/a/dynamic.ts',
    '11 undefined',
  ]);
});

test('leaving out comments moves no line and spares what only looks like one', () => {
  const text = "/** a\n b */ const glob = ['**/*.md', 'a/**']; // c\nconst url = 'http://d'; /*";
  expect(withoutComments(text)).toBe("\n const glob = ['**/*.md', 'a/**']; \nconst url = 'http://d'; /*");
});

function file(path: string, text: string): SourceFile {
  return { path, text };
}

function declares(dependency: string): SourceFile {
  return file('package.json', JSON.stringify({ dependencies: { [dependency]: '^1.0.0' } }));
}
