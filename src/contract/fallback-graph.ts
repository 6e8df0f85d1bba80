import type { Agent } from './agent.ts';
import { ConfigError } from './errors.ts';
import { nearest } from './option-issue.ts';

/** The agents among the steps of a fallback, and where each stands in the list. */
interface Node {
  readonly path: string;
  readonly steps: readonly { readonly name: string; readonly index: number }[];
}

function nodeOf({ options }: Agent, path: string): Node {
  const steps = (options.fallback ?? []).flatMap((step, index) =>
    typeof step === 'string' ? { name: step, index } : [],
  );
  return { path, steps };
}

/**
 * Checks the fallbacks of all agents that an engine starts with.
 * @throws ConfigError that names the cycle in full, or the agent that is missing and the nearest one that is there
 */
export function checkFallbacks(agents: readonly Agent[]): void {
  const nodes = new Map(agents.map((agent, i) => [agent.name, nodeOf(agent, `agents[${i}]`)]));
  for (const { path, steps } of nodes.values()) {
    for (const { name, index } of steps) if (!nodes.has(name)) refuseMissing(path, name, index, nodes);
  }
  refuseCycles(nodes, nodes.keys());
}

/**
 * Checks the fallback of an agent that joins others. Agents that it names may join later.
 * @throws ConfigError that names the cycle in full
 */
export function checkJoining(agent: Agent, others: Iterable<Agent>): void {
  const nodes = new Map<string, Node>();
  for (const other of others) nodes.set(other.name, nodeOf(other, ''));
  nodes.set(agent.name, nodeOf(agent, 'agent'));
  refuseCycles(nodes, [agent.name]);
}

function refuseMissing(path: string, name: string, index: number, nodes: Map<string, Node>): never {
  const at = `${path}.options.fallback[${index}]`;
  const near = nearest(name, [...nodes.keys()]);
  const hint = near === undefined ? 'register it as well' : `did you mean "${near}"?`;
  const expected = near ?? 'the name of an agent';
  throw new ConfigError('UNKNOWN_AGENT', at, `${at}: no agent "${name}" is registered; ${hint}`, {
    expected,
    received: name,
  });
}

/** A walk in depth with a stack of its own, since a chain may be as long as there are agents. */
function refuseCycles(nodes: ReadonlyMap<string, Node>, starts: Iterable<string>): void {
  const done = new Set<string>();
  for (const start of starts) {
    const way: { readonly name: string; next: number }[] = [{ name: start, next: 0 }];
    const onWay = new Set([start]);
    for (let here = way.at(-1); here !== undefined; here = way.at(-1)) {
      const step = done.has(here.name) ? undefined : nodes.get(here.name)?.steps[here.next++];
      if (step === undefined) {
        done.add(here.name);
        onWay.delete(here.name);
        way.pop();
      } else if (onWay.has(step.name)) {
        const cycle = way.slice(way.findIndex(({ name }) => name === step.name));
        refuseCycle([...cycle.map(({ name }) => name), step.name], nodes, here.name, step.index);
      } else {
        way.push({ name: step.name, next: 0 });
        onWay.add(step.name);
      }
    }
  }
}

function refuseCycle(
  names: readonly string[],
  nodes: ReadonlyMap<string, Node>,
  last: string,
  index: number,
): never {
  const path = nodes.get(last)?.path;
  const at = path ? `${path}.options.fallback[${index}]` : 'agent.options.fallback';
  const cycle = names.join(' → ');
  throw new ConfigError('INVALID_OPTION', at, `${at}: expected a chain that ends, got the cycle ${cycle}`, {
    expected: 'a chain that ends',
    received: cycle,
  });
}
