import type { TaskOptions } from '../contract/handle.ts';
import type { OfWaiter } from '../contract/waiter.ts';
import type { StepError } from '../contract/workflow.ts';
import type { MapStep } from '../contract/workflow-definition.ts';
import type { RunPort } from './execution.ts';
import { type CancelPiece, endPiece, type PieceEnd } from './perform.ts';
import type { PlanStep } from './plan.ts';
import { Sending, type SendingEnd, type SendTarget } from './sending.ts';
import { SpentSum } from './spent.ts';
import { urgencyOf } from './step-context.ts';

/** What an item knows of its map. */
export interface MapOf extends Omit<PieceEnd, 'item' | 'done'> {
  /** `undefined` where an item is no task. */
  readonly target: SendTarget | undefined;
  readonly options: TaskOptions & OfWaiter;
  /** Of its tasks in their line: the smaller goes first. */
  readonly key: number;
  ended(item: MapItem, error: StepError | undefined, made: unknown): void;
}

export function mapOf(port: RunPort, step: PlanStep, ended: MapOf['ended']): MapOf {
  const { name, work, output } = step.definition as MapStep;
  return {
    step: name,
    output,
    options: port.taskOptionsOf(step),
    target: work.kind === 'agent' ? work.agent : work.kind === 'capability' ? work : undefined,
    key: -urgencyOf(port, name),
    spent: new SpentSum(),
    ended,
  };
}

/** One try of an item of a map: its place in the map, and its task. */
export class MapItem extends Sending {
  readonly #map: MapOf;
  readonly item: number;
  readonly value: unknown;
  readonly attempt: number;
  /** Its place among those that are open; -1 while it is not. */
  place = -1;
  /** It waits for another try, or for its turn: nobody tells of its end. */
  isHeld = false;
  /** It is not tried again. */
  isUnwanted = false;
  /** Ends it early where it is no task, or waits for its turn. */
  cancel: CancelPiece | undefined = undefined;

  /** @param value what the source gave, which its input is made of */
  constructor(map: MapOf, item: number, value: unknown, attempt: number) {
    super(value);
    this.#map = map;
    this.item = item;
    this.value = value;
    this.attempt = attempt;
  }

  get target(): SendTarget {
    // What is no task is not sent.
    return this.#map.target ?? '';
  }

  get options(): MapOf['options'] {
    return this.#map.options;
  }

  get key(): number {
    return this.#map.key;
  }

  get step(): string {
    return this.#map.step;
  }

  get output(): PieceEnd['output'] {
    return this.#map.output;
  }

  get spent(): PieceEnd['spent'] {
    return this.#map.spent;
  }

  done(error: StepError | undefined, made: unknown): void {
    this.#map.ended(this, error, made);
  }

  ended(end: SendingEnd): void {
    endPiece(this, end);
  }
}
