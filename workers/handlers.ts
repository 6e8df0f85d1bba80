import type { TaskContext } from '../src/contract/agent.ts';
import type { ThreadFault } from '../src/contract/fault.ts';
import { toWire } from '../src/contract/thrown.ts';
import type { IsolationSetup, WireThrown } from '../src/contract/wire.ts';
import { withFaults } from './faults.ts';
import { IsolatedHandler } from './isolated-handler.ts';
import type { ThreadContext } from './thread-context.ts';

/** A loaded handler. */
export interface LoadedHandler {
  readonly agent: string;
  readonly run: (input: unknown, ctx: TaskContext) => unknown;
}

/** The handlers that this thread can run, by agent id. */
export class Handlers {
  private readonly byAgent: (LoadedHandler | undefined)[] = [];
  private readonly isolated = new Map<number, IsolatedHandler>();
  /** Those of `byAgent` as they are without any fault. */
  private readonly loaded: (LoadedHandler | undefined)[] = [];
  private readonly faults = new Map<number, readonly ThreadFault[]>();

  get(agentId: number): LoadedHandler | undefined {
    return this.byAgent[agentId];
  }

  /** Imports a module and keeps its export. Gives the error instead of throwing it: it has to cross a thread. */
  async load(
    agentId: number,
    agent: string,
    module: string,
    exportName: string,
  ): Promise<WireThrown | undefined> {
    try {
      const exported = (await importModule(module))[exportName];
      if (typeof exported !== 'function') {
        throw new TypeError(
          `expected a function, got ${exported === undefined ? 'no such export' : typeof exported}`,
        );
      }
      this.loaded[agentId] = { agent, run: exported as LoadedHandler['run'] };
      this.applyFaults(agentId);
      return undefined;
    } catch (error) {
      return toWire(error);
    }
  }

  /** The same in a child process, which runs the handler's tasks from then on. */
  async isolate(
    agentId: number,
    target: { readonly agent: string; readonly module: string; readonly exportName: string },
    setup: IsolationSetup,
    charge: () => Promise<void>,
  ): Promise<WireThrown | undefined> {
    const handler = new IsolatedHandler(setup, target, charge);
    this.isolated.set(agentId, handler);
    const failure = await handler.load();
    if (failure === undefined) {
      const run = (input: unknown, ctx: TaskContext) => handler.run(input, ctx as ThreadContext);
      this.loaded[agentId] = { agent: target.agent, run };
      this.applyFaults(agentId);
    } else this.unload(agentId);
    return failure;
  }

  unload(agentId: number): void {
    this.byAgent[agentId] = undefined;
    this.loaded[agentId] = undefined;
    this.faults.delete(agentId);
    this.isolated.get(agentId)?.close();
    this.isolated.delete(agentId);
  }

  /** Puts faults before a handler, which may not be loaded yet, in the place of those that were there. */
  putFaults(agentId: number, faults: readonly ThreadFault[]): void {
    if (faults.length === 0) this.faults.delete(agentId);
    else this.faults.set(agentId, faults);
    this.applyFaults(agentId);
  }

  private applyFaults(agentId: number): void {
    const handler = this.loaded[agentId];
    const faults = this.faults.get(agentId);
    this.byAgent[agentId] =
      handler === undefined || faults === undefined
        ? handler
        : { agent: handler.agent, run: withFaults(handler.run, faults) };
  }
}

/** Imports JavaScript as it is, and TypeScript through tsx where Node.js does not read it by itself. */
async function importModule(url: string): Promise<Record<string, unknown>> {
  try {
    return await import(url);
  } catch (error) {
    if (!isUnknownExtension(error)) throw error;
    const { tsImport } = await import('tsx/esm/api').catch(() => {
      throw new Error(`cannot read TypeScript; install tsx, or build the handler to JavaScript`, {
        cause: error,
      });
    });
    return await tsImport(url, import.meta.url);
  }
}

function isUnknownExtension(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === 'ERR_UNKNOWN_FILE_EXTENSION' || code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING';
}
