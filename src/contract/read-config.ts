import type { SpillwayConfig } from './tuned-config.ts';

/**
 * Reads a `spillway.config.json` and checks all of it.
 * @throws SpillwayError `REPORT_UNREADABLE` if it cannot be read or is no JSON; ConfigError that names the field, what
 * was expected and what came, also if it is from another version
 */
export async function readConfig(path: string | URL): Promise<SpillwayConfig> {
  // What few use is not loaded before they do.
  const [{ parseConfig }, { nameOf, readJson }] = await Promise.all([
    import('./config-schema.ts'),
    import('./versioned-file.ts'),
  ]);
  return parseConfig(await readJson(path, 'a tuned configuration'), nameOf(path));
}
