import { isMissing } from '../../../src/contract/workflow.ts';
import type { AnyAggregation, StepDefinition, Workflow } from '../../../src/contract/workflow-definition.ts';
import { workflow } from '../../../src/workflow/builder.ts';
import type { SeededRandom } from '../../fixtures/seeded-random.ts';
import { inputOf, numberOf } from './simulated-engine.ts';
import type { World } from './world.ts';

/** What is known of a step beside its definition. */
export interface StepModel {
  /** `undefined`: its condition throws. */
  readonly when: boolean | undefined;
  /** The items of a map; `undefined`: they cannot be had. */
  readonly items: readonly number[] | undefined;
  /** The source of the items fails when they have been had. */
  readonly breaks: boolean;
}

/** A workflow, and what is known of its steps, by their names. */
export interface ModelledWorkflow {
  readonly workflow: Workflow;
  readonly steps: ReadonlyMap<string, StepModel>;
}

/** A builder that has forgotten its types: names are made at random. */
interface LooseBuilder {
  step(name: string, options: object): LooseBuilder;
  map(name: string, options: object): LooseBuilder;
  reduce(name: string, options: object): LooseBuilder;
  loop(name: string, options: object): LooseBuilder;
  wait(name: string, options: object): LooseBuilder;
  build(): Workflow;
}

type Kind = StepDefinition['kind'];

export const AGENTS = ['ada', 'bob', 'cyd', 'dan'];
export const SIGNALS = ['red', 'green'];
const KINDS: readonly Kind[] = ['task', 'task', 'task', 'task', 'map', 'map', 'reduce', 'loop', 'wait'];

/** Workflows made at random: all shapes, all kinds of steps, all policies. */
export class RandomWorkflows {
  readonly #random: SeededRandom;
  readonly #world: World;
  readonly all = new Map<string, ModelledWorkflow>();

  constructor(random: SeededRandom, world: World) {
    this.#random = random;
    this.#world = world;
  }

  make(id: string, depth = 0): Workflow {
    const random = this.#random;
    const size =
      depth > 0 ? 1 + random.below(4) : random.chance(0.4) ? 1 + random.below(6) : 1 + random.below(30);
    const shape = random.pick(['chain', 'wide', 'diamond', 'random', 'random'] as const);
    const steps = new Map<string, StepModel>();
    const names: string[] = [];
    const maps: string[] = [];
    let builder = workflow(id, {
      ...(random.chance(0.3) && { concurrency: 1 + random.below(4) }),
      ...(random.chance(0.4) && { onError: random.pick(['stop', 'continue'] as const) }),
    }) as unknown as LooseBuilder;
    for (let index = 0; index < size; index++) {
      const name = `s${index}`;
      const after = this.#needs(shape, names, size);
      const wanted = random.pick(KINDS);
      const kind = wanted === 'reduce' && maps.length === 0 ? 'map' : wanted;
      const when = random.chance(0.8) ? true : random.pick([true, false, undefined]);
      const common = { ...this.#common(after, kind), ...this.#when(when) };
      const items = kind === 'map' ? this.#items(name) : undefined;
      const breaks = items !== undefined && random.chance(0.05);
      steps.set(name, { when, items, breaks });
      switch (kind) {
        case 'task':
          builder = builder.step(name, { ...common, ...this.#work(id, name, depth), ...this.#compensate() });
          break;
        case 'map':
          builder = builder.map(name, {
            ...common,
            ...this.#work(id, name, depth),
            ...this.#map(items, breaks),
            ...this.#compensate(),
          });
          maps.push(name);
          break;
        case 'reduce':
          builder = builder.reduce(name, { ...common, of: random.pick(maps), ...this.#reduce() });
          break;
        case 'loop': {
          const turns = 1 + random.below(4);
          builder = builder.loop(name, {
            ...common,
            ...this.#work(id, name, depth),
            until: ({ turn }: { readonly turn: number }) => turn >= turns,
            max: random.chance(0.1) ? Math.max(1, turns - 1) : 10,
          });
          break;
        }
        case 'wait':
          builder = builder.wait(name, { ...common, ...this.#wait() });
          break;
      }
      // Of some maps only reductions take the outputs: those are folded.
      if (kind !== 'map' || random.chance(0.6)) names.push(name);
    }
    const made = builder.build();
    this.all.set(id, { workflow: made, steps });
    return made;
  }

  #needs(shape: 'chain' | 'wide' | 'diamond' | 'random', names: readonly string[], size: number): string[] {
    const random = this.#random;
    const last = names.at(-1);
    if (last === undefined) return [];
    switch (shape) {
      case 'chain':
        return [last];
      case 'wide':
        return names.length === size - 1 ? [...names] : [];
      case 'diamond':
        return names.length % 4 === 3 ? names.slice(-2) : [names[Math.floor((names.length - 1) / 4) * 4]!];
      case 'random': {
        const needs = new Set<string>();
        for (let i = random.below(4); i > 0; i--) needs.add(random.pick(names));
        return [...needs];
      }
    }
  }

  #common(after: readonly string[], kind: Kind): object {
    const random = this.#random;
    const policies = [
      'fail',
      'fail',
      'skip',
      'escalate',
      { value: -1 },
      ...(kind === 'map' ? ['interpolate'] : []),
    ];
    const onFailure =
      kind === 'map' && random.chance(0.15)
        ? {
            interpolate: (left: unknown, right: unknown, index: number) =>
              numberOf('between', [left, right, index]),
          }
        : random.pick(policies);
    return {
      ...(after.length > 0 && { after: after.length === 1 && random.chance(0.5) ? after[0] : after }),
      ...(random.chance(0.5) && { onFailure }),
      ...(random.chance(0.3) && { retry: { attempts: 1 + random.below(3), backoffMs: random.below(50) } }),
      ...(kind !== 'wait' && random.chance(0.1) && { timeoutMs: 1 + random.below(60) }),
      ...(random.chance(0.1) && { priority: random.pick(['high', 'low']) }),
    };
  }

  #when(when: boolean | undefined): object {
    if (when === true && this.#random.chance(0.85)) return {};
    const isAsync = this.#random.chance(0.5);
    const ask = (): boolean => {
      if (when === undefined) throw new Error('no condition');
      return when;
    };
    return { when: isAsync ? () => this.#world.sleep().then(ask) : ask };
  }

  #work(id: string, name: string, depth: number): object {
    const random = this.#random;
    const kind = random.pick(['agent', 'agent', 'agent', 'capability', 'sync', 'async', 'workflow'] as const);
    const input = random.chance(0.3) && { input: inputOf };
    switch (kind) {
      case 'agent':
        return { agent: random.pick(AGENTS), ...input };
      case 'capability':
        return { capability: 'talk', ...input };
      case 'sync':
        return { run: this.#world.work, ...input };
      case 'async':
        return { run: this.#world.workAsync, ...input };
      case 'workflow':
        if (depth > 1 || random.chance(0.5)) return { agent: random.pick(AGENTS), ...input };
        return { workflow: this.#nested(`${id}-${name}`, depth + 1), ...input };
    }
  }

  /** One that is there, or that the step makes as it runs. */
  #nested(id: string, depth: number): Workflow | (() => Workflow) {
    const made = this.make(id, depth);
    return this.#random.chance(0.3) ? () => made : made;
  }

  #compensate(): object {
    const random = this.#random;
    if (!random.chance(0.25)) return {};
    const world = this.#world;
    const retry = random.chance(0.5) && {
      retry: { attempts: 1 + random.below(3), backoffMs: random.below(50) },
    };
    return {
      compensate: random.pick([
        () => world.failAtTimes(),
        async () => {
          await world.sleep();
          world.failAtTimes(0.3);
        },
        { agent: random.pick(AGENTS), ...retry },
        () => world.failAtTimes(1),
      ]),
    };
  }

  #items(name: string): readonly number[] | undefined {
    const random = this.#random;
    if (random.chance(0.05)) return undefined;
    return Array.from({ length: random.below(random.chance(0.7) ? 8 : 51) }, (_, item) =>
      numberOf('item', [name, item]),
    );
  }

  #map(items: readonly number[] | undefined, breaks: boolean): object {
    const random = this.#random;
    const world = this.#world;
    const source = random.pick(['array', 'iterable', 'async', 'slow'] as const);
    const over = (): unknown => {
      if (items === undefined) throw new Error('no items');
      if (source === 'array' && !breaks) return items;
      if (source === 'iterable' || source === 'array') return itemsOf(items, breaks);
      return (async function* () {
        for (const item of itemsOf(items, breaks)) {
          if (source === 'slow') await world.sleep();
          yield item;
        }
      })();
    };
    const count = items?.length ?? 0;
    const min = random.pick([
      0,
      0.5,
      1,
      { count: random.below(count + 1) },
      { items: count > 0 ? [random.below(count)] : [] },
    ]);
    return {
      over,
      ...(random.chance(0.7) && { concurrency: 1 + random.below(8) }),
      ...(random.chance(0.5) && { minSuccess: min }),
      ...(random.chance(0.2) && {
        enough: random.chance(0.5)
          ? { count: 1 + random.below(count + 1) }
          : { quorum: 1 + random.below(3), by: (value: number) => Number(value) % 3 },
      }),
    };
  }

  #reduce(): object {
    const random = this.#random;
    const min = random.chance(0.3) && { minSuccess: random.pick([0.5, 1, { count: 2 }, { items: [0] }]) };
    const fanIn = random.chance(0.6) && { fanIn: 2 + random.below(3) };
    return random.pick([
      { agent: random.pick(AGENTS), ...min },
      { run: flat, ...min, ...fanIn },
      { using: LIST, ...min, ...fanIn },
    ]);
  }

  #wait(): object {
    const random = this.#random;
    return random.pick([
      { ms: random.below(200) },
      { ms: () => 7 },
      { signal: random.pick(SIGNALS) },
      { signal: random.pick(SIGNALS), timeoutMs: 1 + random.below(200) },
      { approval: 'may it go on?' },
    ]);
  }
}

function* itemsOf(items: readonly number[], breaks: boolean): Generator<number> {
  yield* items;
  if (breaks) throw new Error('no more items can be had');
}

/** Associative, and of another value for each order. */
export function flat(values: readonly unknown[]): readonly unknown[] {
  return values.flat();
}

/** All that is there, in its order. */
const LIST: AnyAggregation = {
  name: 'list',
  init: () => [],
  add: (into: readonly unknown[], value: unknown) => [...into, value],
  combine: (left: readonly unknown[], right: readonly unknown[]) => [...left, ...right],
  finish: (of: readonly unknown[]) => of,
};

export function isThere(value: unknown): boolean {
  return !isMissing(value);
}
