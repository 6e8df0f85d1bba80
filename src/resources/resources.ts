import type { Clock } from '../contract/clock.ts';
import { ConfigError } from '../contract/errors.ts';
import { nearest } from '../contract/option-issue.ts';
import type { ResourceOptions } from '../contract/resources.ts';
import type { ResourceStats, UsageTotals } from '../contract/stats.ts';
import { Resource } from './resource.ts';

/** The resources of an engine, by name. */
export class Resources {
  readonly all: readonly Resource[];
  private readonly byName = new Map<string, Resource>();
  /** Those that have counted calls whose time is still to be told. */
  private readonly unstamped: Resource[] = [];

  constructor(options: Readonly<Record<string, ResourceOptions>>, clock: Clock) {
    this.all = Object.entries(options).map(([name, one]) => new Resource(name, one, clock, this.unstamped));
    for (const resource of this.all) this.byName.set(resource.name, resource);
  }

  /** @throws ConfigError that names the resource that there is not */
  named(agent: string, names: readonly string[]): Resource[] {
    return [...new Set(names)].map((name) => this.byName.get(name) ?? this.unknown(agent, name));
  }

  /** Called when a resource may have room again. */
  onOpen(open: (resource: Resource) => void): void {
    for (const resource of this.all) resource.onOpen = open;
  }

  /** The calls that were counted have started: to be called whenever some may have. */
  readonly stamp = (): void => {
    for (const resource of this.unstamped) resource.stamp();
    this.unstamped.length = 0;
  };

  close(): void {
    for (const resource of this.all) resource.close();
  }

  stats(usedOf: (name: string) => UsageTotals): Record<string, ResourceStats> {
    return Object.fromEntries(
      this.all.map((resource) => {
        const { name, calls, inFlight, isClosed, windowMs } = resource;
        const { requests, tokens } = resource.picture();
        const of = ([used, limit]: readonly [number, number]) => ({ used, limit });
        const window = { windowMs, requests: of(requests), tokens: of(tokens) };
        return [name, { ...usedOf(name), calls, inFlight, isFull: isClosed, ...window }];
      }),
    );
  }

  private unknown(agent: string, name: string): never {
    const known = [...this.byName.keys()];
    const near = nearest(name, known);
    const hint = near
      ? `did you mean "${near}"?`
      : `known are ${known.length > 0 ? known.slice(0, 20).join(', ') : 'none'}`;
    const message = `agent "${agent}": resources: the engine has no resource "${name}"; ${hint}`;
    throw new ConfigError('INVALID_OPTION', 'resources', message, {
      received: name,
      ...(near && { expected: near }),
    });
  }
}
