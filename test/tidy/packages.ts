import { importsOf, isCode, packageOf } from './imports.ts';
import type { Rule } from './source-file.ts';

/** The one file that knows the thread pool. */
const POOL = { package: 'piscina', file: 'src/lanes/thread-pool.ts' };
/** They read a path that users give. */
const COMPUTED_IMPORTS = ['workers/handlers.ts', 'src/load/own-module.ts'];

/** What ships imports only what is installed with it, and only what can be read off the source. */
export const shippedImports: Rule = (files) => {
  const declared = dependenciesIn(files.find(({ path }) => path === 'package.json')?.text ?? '{}');
  return files
    .filter(({ path }) => isCode(path) && /^(src|workers)\//.test(path))
    .flatMap(importsOf)
    .flatMap(({ from, line, specifier }): string[] => {
      if (specifier === undefined) {
        return COMPUTED_IMPORTS.includes(from) ? [] : [`${from}:${line}: name the imported module`];
      }
      const name = packageOf(specifier);
      if (name === POOL.package && from !== POOL.file) {
        return [`${from}:${line}: only ${POOL.file} imports ${name}`];
      }
      return name === undefined || declared.has(name)
        ? []
        : [`${from}:${line}: ${name} is no dependency in package.json`];
    });
};

/** Every dependency is used. */
export const usedDependencies: Rule = (files) => {
  const shipped = files.filter(({ path }) => /^(src|workers)\//.test(path));
  const used = new Set(
    shipped.flatMap(importsOf).flatMap(({ specifier }) => packageOf(specifier ?? '.') ?? []),
  );
  const declared = dependenciesIn(files.find(({ path }) => path === 'package.json')?.text ?? '{}');
  return [...declared]
    .filter((name) => !used.has(name))
    .map((name) => `package.json:1: nothing uses ${name}`);
};

function dependenciesIn(packageJson: string): Set<string> {
  const { dependencies = {}, peerDependencies = {} } = JSON.parse(packageJson);
  return new Set(Object.keys({ ...dependencies, ...peerDependencies }));
}

/** Lock files work with any registry. */
export const portableLockFile: Rule = (files) =>
  files
    .filter(({ path }) => /(^|\/)package-lock\.json$/.test(path))
    .flatMap(({ path, text }) => {
      const packages: Record<string, { resolved?: string }> = JSON.parse(text).packages ?? {};
      return Object.entries(packages)
        .filter(([, { resolved }]) => resolved !== undefined)
        .map(([name]) => `${path}:1: ${name} names its registry; omit-lockfile-registry-resolved`);
    });
