import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Agent } from '../contract/agent.ts';
import { checkOptions } from '../contract/check-options.ts';
import { ConfigError } from '../contract/errors.ts';
import { describe } from '../contract/option-issue.ts';

/** What every module of a user has. */
export interface OwnModule {
  readonly agents: readonly Agent[];
}

const AGENTS = 'expected an export `agents`, a list made with ioAgent() or cpuAgent()';

/**
 * A user's own module, with what it exports by name or as its default export; its agents are checked.
 * @param shape what is expected of it, for errors
 * @throws ConfigError if it cannot be loaded or has no usable agents
 */
export async function loadOwnModule<M extends OwnModule = OwnModule>(
  path: string,
  cwd: string,
  shape: string = AGENTS,
): Promise<Partial<M> & OwnModule> {
  const exported = await importOwn(path, cwd);
  const { default: whole } = exported;
  const found = (typeof whole === 'object' && whole !== null ? whole : exported) as Partial<M>;
  if (!Array.isArray(found.agents) || found.agents.length === 0) {
    throw wrongModule(path, `${shape}; agents is ${describe(found.agents)}`);
  }
  checkAgentList(found.agents, path);
  return found as Partial<M> & OwnModule;
}

/** @throws ConfigError for what is no agent */
export function checkAgentList(agents: readonly unknown[], path: string): void {
  for (const [index, agent] of agents.entries()) checkOptions('agent', agent, `${path}: agents[${index}]`);
}

/**
 * What a user's own module exports. It may be TypeScript if tsx is installed.
 * @throws ConfigError if it cannot be loaded
 */
export async function importOwn(path: string, cwd: string): Promise<Record<string, unknown>> {
  const url = pathToFileURL(resolve(cwd, path)).href;
  try {
    return await import(url).catch(async (error: unknown) => {
      if ((error as { code?: unknown }).code !== 'ERR_UNKNOWN_FILE_EXTENSION') throw error;
      const { tsImport } = await import('tsx/esm/api').catch(() => {
        throw new Error('cannot read TypeScript; install tsx, or build it to JavaScript', { cause: error });
      });
      return tsImport(url, import.meta.url);
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw wrongModule(path, `cannot load the module: ${why}`, error);
  }
}

export function wrongModule(path: string, message: string, cause?: unknown): ConfigError {
  return new ConfigError('INVALID_OPTION', path, `${path}: ${message}`, cause === undefined ? {} : { cause });
}
