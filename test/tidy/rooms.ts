import { importsOf, isCode } from './imports.ts';
import type { Rule } from './source-file.ts';

/**
 * The rooms of `src`, from left to right. A room imports from the places left of it; rooms that share a place do not
 * know each other.
 */
const PLACES: readonly (readonly string[])[] = [
  ['contract'],
  ['load-table', 'aggregate', 'chunk'],
  ['sync'],
  ['admission', 'queue', 'lanes', 'journal', 'resources', 'telemetry'],
  ['dispatch', 'overflow'],
  ['supervisor', 'dead-letters'],
  ['workflow'],
  ['engine'],
  ['upstream', 'report'],
  ['digest', 'load', 'tune'],
  ['cli', 'panel'],
];
/** Files outside of any folder: the composition root, and what belongs to it. */
const ENGINE_FILES = [
  'src/engine.ts',
  'src/compose.ts',
  'src/door.ts',
  'src/stream.ts',
  'src/task-desk.ts',
  'src/index.ts',
];
/** Folders of a room that are rooms of their own: they stand on their own feet, whoever uses them. */
const INNER_ROOMS: Readonly<Record<string, string>> = {
  'src/workflow/aggregate/': 'aggregate',
  'src/workflow/chunk/': 'chunk',
};
/** What threads load has to stay small. Their modules start where a pure computation is all there is. */
const ALLOWED_IN_WORKERS: Readonly<Record<string, readonly string[]>> = {
  thread: ['thread', 'contract', 'load-table', 'sync'],
  'digest handler': ['digest'],
  'aggregate handler': ['aggregate', 'contract'],
};

/** Imports go one way. */
export const oneWayImports: Rule = (files) =>
  files
    .filter(({ path }) => isCode(path) && /^(src|workers)\//.test(path))
    .flatMap((file) => {
      const room = roomOf(file.path);
      if (room === undefined) return [`${file.path}:1: belongs to no room of ${import.meta.filename}`];
      return importsOf(file)
        .filter(({ target }) => target !== undefined && !mayImport(room, roomOf(target)))
        .map(({ line, target }) => `${file.path}:${line}: ${room} must not import ${target}`);
    });

function roomOf(path: string): string | undefined {
  if (path.startsWith('workers/digest-')) return 'digest handler';
  if (path.startsWith('workers/aggregate-')) return 'aggregate handler';
  if (path.startsWith('workers/')) return 'thread';
  if (ENGINE_FILES.includes(path)) return 'engine';
  const inner = Object.keys(INNER_ROOMS).find((folder) => path.startsWith(folder));
  if (inner !== undefined) return INNER_ROOMS[inner];
  const [top, room] = path.split('/');
  return top === 'src' && PLACES.flat().includes(room!) ? room : undefined;
}

function mayImport(room: string, other: string | undefined): boolean {
  if (other === undefined) return false;
  const allowed = ALLOWED_IN_WORKERS[room];
  if (allowed !== undefined) return allowed.includes(other);
  return room === other || placeOf(other) < placeOf(room);
}

/** Infinity for what is not in `src`: nothing there may be imported. */
function placeOf(room: string): number {
  const place = PLACES.findIndex((rooms) => rooms.includes(room));
  return place < 0 ? Number.POSITIVE_INFINITY : place;
}
