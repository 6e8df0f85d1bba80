import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * URL of a module that is started by its name, as threads and child processes are. The source says `.ts`; in the
 * built package, where the caller itself is a `.js` file, the module is one too.
 * @param path relative to the caller, ending in `.ts`
 * @param callerUrl the caller's `import.meta.url`
 */
export function entryModule(path: string, callerUrl: string): URL {
  const built = new URL(callerUrl).pathname.endsWith('.js');
  return new URL(built ? path.replace(/\.ts$/, '.js') : path, callerUrl);
}

/** The Node.js flags that a child process needs to run the module: those of tsx while it is TypeScript. */
export function flagsToRun(module: URL): string[] {
  if (!module.pathname.endsWith('.ts')) return [];
  return ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href];
}
