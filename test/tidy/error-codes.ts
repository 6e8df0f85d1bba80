import { lineAt, type SourceFile, withoutComments } from './source-file.ts';

/** Where an error, or an issue in a result, is given its code. */
const GIVEN = /(?:\bnew \w*Error\(|\bsuper\(|\bcode:)\s*'([A-Z][A-Z_]+)'/g;

/** The codes that the source uses and those in the table are the same. */
export function errorCodes(files: readonly SourceFile[], table: readonly string[]): string[] {
  const shipped = files
    .filter(({ path }) => /^(src|workers)\/.*\.ts$/.test(path))
    .map(({ path, text }) => ({ path, code: withoutComments(text) }));
  const unknown = shipped.flatMap(({ path, code }) =>
    [...code.matchAll(GIVEN)]
      .filter(([, used]) => !table.includes(used!))
      .map(({ 1: used, index }) => `${path}:${lineAt(code, index)}: ${used} is not in the table of codes`),
  );
  // Members of a union of types (`| 'CODE'`) use nothing.
  const values = shipped.map(({ code }) => code.replace(/\|\s*'[A-Z_]+'/g, '')).join('\n');
  const unused = table
    .filter((code) => !values.includes(`'${code}'`))
    .map((code) => `src/contract/errors.ts:1: nothing uses the code ${code}`);
  return [...unknown, ...unused];
}
