import { rejected } from '../contract/rejected.ts';
import { settleable } from './settleable.ts';

/** What is done when its turn has come. Refused, it is told to who asked; without one it is an error of ours. */
interface Order {
  readonly act: () => void;
  /** What came of it is kept. */
  readonly tell?: () => void;
  readonly reject?: (error: unknown) => void;
}

interface LineParts {
  /** What was done last is being kept: nothing may be done upon it before. */
  readonly isHeld: () => boolean;
  /** There is no order any more: does what else there is to do. Orders that come of it are carried out, too. */
  readonly rest: () => void;
  readonly failed: (error: unknown) => void;
}

/** Orders, carried out one after the other. One that comes while another is carried out waits its turn. */
export class OrderLine {
  readonly #parts: LineParts;
  #orders: Order[] = [];
  /** Carried out; what came of it is being kept. */
  #unkept: Order | undefined;
  #isWorking = false;
  #closed: { readonly why: unknown } | undefined;

  constructor(parts: LineParts) {
    this.#parts = parts;
  }

  get isEmpty(): boolean {
    return this.#orders.length === 0;
  }

  get isWorking(): boolean {
    return this.#isWorking;
  }

  push(act: () => void): void {
    this.#push({ act });
  }

  /**
   * Resolves with what it gives, once it was its turn and what came of it is kept; rejects with what it throws. Nobody has
   * to wait for it.
   */
  ask<T>(act: () => T): Promise<T> {
    if (this.#closed !== undefined) return rejected(this.#closed.why);
    const { promise, resolve, reject } = settleable<T>();
    let given: T;
    const carryOut = (): void => {
      given = act();
    };
    this.#push({ act: carryOut, tell: () => resolve(given), reject });
    return promise;
  }

  work(): void {
    if (this.#isWorking) return;
    this.#isWorking = true;
    try {
      while (!this.#parts.isHeld() && this.#closed === undefined) {
        this.#tellKept();
        this.#workOff();
        if (this.#parts.isHeld() || !this.isEmpty) continue;
        this.#parts.rest();
        if (this.isEmpty) break;
      }
    } catch (error) {
      this.#parts.failed(error);
    } finally {
      this.#isWorking = false;
    }
  }

  /** Nothing more is carried out. */
  close(why: unknown): void {
    this.#closed ??= { why };
    this.#unkept?.reject?.(why);
    this.#unkept = undefined;
    for (const { reject } of this.#orders.splice(0)) reject?.(why);
  }

  #tellKept(): void {
    const order = this.#unkept;
    this.#unkept = undefined;
    order?.tell?.();
  }

  #push(order: Order): void {
    if (this.#closed !== undefined) return;
    this.#orders.push(order);
    this.work();
  }

  #workOff(): void {
    const orders = this.#orders;
    this.#orders = [];
    let at = 0;
    while (at < orders.length && !this.#parts.isHeld()) {
      const order = orders[at++]!;
      try {
        order.act();
        this.#unkept = order;
        if (!this.#parts.isHeld()) this.#tellKept();
      } catch (error) {
        if (order.reject === undefined) throw error;
        order.reject(error);
      }
    }
    if (at < orders.length) this.#orders = [...orders.slice(at), ...this.#orders];
  }
}
