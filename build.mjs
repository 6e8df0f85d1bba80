/**
 * Builds the package: `node build.mjs [folder]`, by default into dist.
 *
 * Types come from tsc, file by file. JavaScript is bundled: importing a hundred small modules takes several times as
 * long as starting a thread, and every thread has to load its part again. Of the dependencies, those go with it that
 * stand on the way to an engine's first result and of which it needs little; only their types are asked of the installed ones.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { globSync } from 'tinyglobby';

const root = fileURLToPath(new URL('.', import.meta.url));
const outdir = process.argv[2] ?? join(root, 'dist');
rmSync(outdir, { recursive: true, force: true });

const BUNDLED = { comlink: 'LICENSE', 'fastest-levenshtein': 'LICENSE.md', valibot: 'LICENSE.md' };
const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const external = Object.keys({ ...dependencies, ...peerDependencies }).filter((name) => !(name in BUNDLED));

const shared = {
  absWorkingDir: root,
  outbase: '.',
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  external: external.flatMap((name) => [name, `${name}/*`]),
  logLevel: 'warning',
};

const [{ metafile }] = await Promise.all([
  build({
    ...shared,
    outdir,
    format: 'esm',
    splitting: true,
    metafile: true,
    // As deep as the folders of the source, so that relative URLs lead to the same places.
    chunkNames: 'src/chunks/[name]-[hash]',
    entryPoints: ['src/index.ts', 'src/cli/main.ts'],
  }),
  // Started by their name, in threads and processes of their own: each is whole, for it shares nothing with the rest.
  build({
    ...shared,
    outdir,
    format: 'esm',
    entryPoints: [
      'src/upstream/main.ts',
      'src/load-table/*.ts',
      ...['aggregate', 'digest', 'load'].map((agents) => `workers/${agents}-*.ts`),
    ],
  }),
  // The modules of threads and of their child processes are CommonJS, which loads without starting the ESM loader.
  build({
    ...shared,
    outdir,
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    entryPoints: ['workers/thread.ts', 'workers/nursery.ts', 'workers/child.ts'],
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  }),
]);
await mergeChunks(metafile.outputs);
chmodSync(join(outdir, 'src/cli/main.js'), 0o755);
// Runs in browsers, inside of the reports, and is put there as it is.
mkdirSync(join(outdir, 'src/report'), { recursive: true });
copyFileSync(join(root, 'src/report/page.js'), join(outdir, 'src/report/page.js'));

const licenses = Object.entries(BUNDLED).map(([name, file]) => {
  const text = readFileSync(join(root, 'node_modules', name, file), 'utf8').trim();
  return `${name}\n${'='.repeat(name.length)}\n\n${text}\n`;
});
writeFileSync(join(outdir, 'THIRD_PARTY_LICENSES'), licenses.join('\n\n'));

const tsc = join(root, 'node_modules/typescript/bin/tsc');
const types = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', outdir], {
  cwd: root,
  stdio: 'inherit',
});
process.exitCode = types.status ?? 1;
if (types.status === 0) dropInnerTypes();

/**
 * Makes one file of the chunks that importing the package loads: each file costs about a millisecond, and whatever two parts
 * share that are loaded late is a chunk of its own.
 */
async function mergeChunks(outputs) {
  const files = new Map(Object.entries(outputs).map(([path, output]) => [resolve(root, path), output]));
  const reached = new Set([resolve(outdir, 'src/index.js')]);
  for (const file of reached) {
    for (const { path, kind, external } of files.get(file).imports) {
      if (kind === 'import-statement' && !external) reached.add(resolve(root, path));
    }
  }
  const merged = [...reached].filter((file) => files.get(file).entryPoint === undefined);
  // Two chunks may give different things one name.
  const nameOf = (file, name) => `${name}_${merged.indexOf(file)}`;
  const contents = merged.map((file) => {
    const names = files.get(file).exports.map((name) => `${name} as ${nameOf(file, name)}`);
    return `export { ${names.join(', ')} } from ${JSON.stringify(file)};`;
  });
  const core = resolve(outdir, 'src/chunks/core.js');
  await build({
    ...shared,
    absWorkingDir: resolve(outdir),
    outfile: core,
    format: 'esm',
    stdin: { contents: contents.join('\n'), resolveDir: dirname(core) },
    plugins: [
      {
        name: 'others stay apart',
        setup({ onResolve }) {
          onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
            const file = join(resolveDir, path);
            return merged.includes(file) ? { path: file } : { path, external: true };
          });
        },
      },
    ],
  });
  for (const file of merged) rmSync(file);
  for (const file of files.keys()) {
    if (merged.includes(file)) continue;
    const text = readFileSync(file, 'utf8');
    const changed = text.replace(/^import (?:\{([^}]*)\} from )?"(\.[^"]*)";$/gm, (whole, names, path) => {
      const from = join(dirname(file), path);
      if (!merged.includes(from)) return whole;
      const renamed = (names ?? '').split(',').flatMap((one) => {
        const [, name, as = name] = /^\s*(\S+)(?: as (\S+))?\s*$/.exec(one) ?? [];
        return name === undefined ? [] : [`${nameOf(from, name)} as ${as}`];
      });
      const to = relative(dirname(file), core).replaceAll('\\', '/');
      return `import { ${renamed.join(', ')} } from "${to.startsWith('.') ? to : `./${to}`}";`;
    });
    if (changed !== text) writeFileSync(file, changed);
  }
}

/** Of the types that tsc wrote, keeps those that users of the package can come to. */
function dropInnerTypes() {
  const reached = new Set([join(outdir, 'src/index.d.ts')]);
  for (const file of reached) {
    const imports = readFileSync(file, 'utf8').matchAll(/\b(?:from|import)[\s(]*['"](\.[^'"]+)\.[jt]s['"]/g);
    for (const [, path] of imports) reached.add(join(dirname(file), `${path}.d.ts`));
  }
  for (const path of globSync('**/*.d.ts', { cwd: outdir, absolute: true })) {
    if (!reached.has(join(path))) rmSync(path);
  }
}
