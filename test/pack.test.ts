import { cp, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sampleReport } from './fixtures/sample-report.ts';
import { type StagedPackage, stagePackage, TSC } from './staged-package.ts';
import { run, succeed } from './subprocess.ts';
import { ROOT } from './tidy/source-file.ts';

const ATTW = join(ROOT, 'node_modules/@arethetypeswrong/cli/dist/index.js');
const QUIET = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
const EXPECTED = { greeting: 'hello, Ada', counts: [1, 2, 3] };

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

let staged: StagedPackage;
let projects: string;
let packed: Packed;
let tarball: string;
let manifest: { version: string; dependencies: object; devDependencies: Record<string, string> };

beforeAll(async () => {
  staged = await stagePackage();
  projects = await realpath(await mkdtemp(join(tmpdir(), 'spillway-projects-')));
  // Scripts would build once more, into the `dist` of whoever works here.
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', projects];
  packed = JSON.parse(await succeed('npm', args, staged.folder))[0];
  tarball = join(projects, packed.filename);
  manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  await Promise.all([install('javascript'), install('typescript', 'tsx', '@types/node')]);
});

afterAll(async () => {
  await staged?.remove();
  await rm(projects, { recursive: true, force: true });
});

/** Copies a project of `test/pack` to a folder of its own, and installs the package and what else it needs. */
async function install(project: string, ...others: readonly string[]): Promise<void> {
  const folder = join(projects, project);
  await cp(fileURLToPath(new URL(`./pack/${project}/`, import.meta.url)), folder, { recursive: true });
  const wanted = others.map((name) => `${name}@${manifest.devDependencies[name]}`);
  await succeed('npm', ['install', ...QUIET, tarball, ...wanted], folder);
}

test('the tarball holds what users need, and nothing else', () => {
  const paths = packed.files.map(({ path }) => path);
  const wanted =
    /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/THIRD_PARTY_LICENSES|dist\/(src|workers)\/.+\.(js|cjs|d\.ts))$/;
  expect(paths.filter((path) => !wanted.test(path))).toEqual([]);
  expect(paths).toEqual(expect.arrayContaining(['LICENSE', 'CHANGELOG.md', 'dist/workers/thread.cjs']));
  expect(packed.size).toBeLessThan(450_000);
});

test('publint finds nothing', async () => {
  const bytes = await readFile(tarball);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const { messages, pkg } = await publint({ pack: { tarball: buffer as ArrayBuffer }, strict: true });
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
});

test('attw finds nothing, for a package that is ESM only', async () => {
  const { code, stdout } = await run(
    process.execPath,
    [ATTW, tarball, '--profile', 'esm-only', '--no-emoji'],
    projects,
  );
  expect(code, stdout).toBe(0);
});

describe('in an empty JavaScript project', () => {
  let folder: string;
  beforeAll(() => {
    folder = join(projects, 'javascript');
  });

  test('an agent on a thread and one on the event loop run', async () => {
    expect(JSON.parse(await succeed(process.execPath, ['main.js'], folder))).toEqual(EXPECTED);
  });

  test('importing it loads none of the slow modules of Node.js that few need', async () => {
    // The streams of files come with whatever imports `node:fs`.
    const slow = ['crypto', 'internal/fs/streams', 'child_process', 'worker_threads', 'http', 'net', 'zlib'];
    const script = `await import('spillway');
      const loaded = new Set(process.moduleLoadList);
      console.log(JSON.stringify(${JSON.stringify(slow)}.filter((name) => loaded.has('NativeModule ' + name))));`;
    const output = await succeed(process.execPath, ['--input-type=module', '-e', script], folder);
    expect(JSON.parse(output)).toEqual([]);
  });

  test('CommonJS can require it', async () => {
    expect(await succeed(process.execPath, ['main.cjs'], folder)).toBe('hello, Ada\n');
  });

  test('the command line tells its version and its commands', async () => {
    const spillway = join(folder, 'node_modules/.bin/spillway');
    expect(await succeed(spillway, ['--version'], folder)).toBe(`${manifest.version}\n`);
    expect(await succeed(spillway, ['--help'], folder)).toContain('digest');
    expect(await succeed(spillway, ['digest', '--help'], folder)).toContain('--verify');
  });

  test('the command line draws a report, with the charting library that was installed', async () => {
    await writeFile(join(folder, 'report.json'), JSON.stringify(sampleReport({ durationMs: 1_000 })));
    const spillway = join(folder, 'node_modules/.bin/spillway');
    expect(await succeed(spillway, ['report', 'report.json'], folder)).toBe('report.html\n');
    expect(await readFile(join(folder, 'report.html'), 'utf8')).toContain('new uPlot(');
  });

  test('nothing comes with it but its dependencies, and no script runs on install', async () => {
    const { packages } = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8'));
    const { dependencies, hasInstallScript } = packages['node_modules/spillway'];
    expect(dependencies).toEqual(manifest.dependencies);
    expect(hasInstallScript).toBe(undefined);
    expect(Object.keys(packages)).not.toContain('node_modules/tsx');
  });
});

describe('in an empty TypeScript project', () => {
  let folder: string;
  beforeAll(() => {
    folder = join(projects, 'typescript');
  });

  test('handlers run on threads from TypeScript source', async () => {
    const output = await succeed(process.execPath, ['--import', 'tsx', 'main.ts'], folder);
    expect(JSON.parse(output)).toEqual(EXPECTED);
  });

  test('only a wrong agent name or payload does not compile, and agents can be exported', async () => {
    const { stdout } = await run(process.execPath, [TSC, '-p', '.'], folder);
    const errors = stdout.matchAll(/^(?:(\S+)\((\d+),\d+\): )?error/gm);
    const places = [...errors].map(([, file, line]) => `${file}:${line}`);
    expect(places, stdout).toEqual(['wrong.ts:6', 'wrong.ts:7', 'wrong.ts:8']);
  });
});
