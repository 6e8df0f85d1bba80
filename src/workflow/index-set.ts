/** Whole numbers from 0 on, of which nearly all below some number are there: a map's items that have ended. A bit for each. */
export class IndexSet {
  /** Keeps the hidden class, see `Task.kept`. */
  static readonly kept = new IndexSet();
  #bits = new Uint32Array(32);
  #size = 0;
  #below = 0;
  #end = 0;

  constructor(below = 0, above: Iterable<number> = []) {
    for (let index = 0; index < below; index++) this.add(index);
    for (const index of above) this.add(index);
  }

  get size(): number {
    return this.#size;
  }

  /** All below are there. */
  get below(): number {
    return this.#below;
  }

  /** Those above that are there, in order. */
  get above(): readonly number[] {
    const above: number[] = [];
    for (let index = this.#below + 1; index < this.#end; index++) if (this.has(index)) above.push(index);
    return above;
  }

  /** One more than the last that is there. */
  get end(): number {
    return this.#end;
  }

  has(index: number): boolean {
    return index < this.#end && ((this.#bits[index >> 5]! >> (index & 31)) & 1) === 1;
  }

  add(index: number): void {
    if (this.has(index)) return;
    if (index >= this.#end) this.#end = index + 1;
    if (index >> 5 >= this.#bits.length) this.#grow();
    this.#bits[index >> 5]! |= 1 << (index & 31);
    this.#size++;
    while (this.has(this.#below)) this.#below++;
  }

  delete(index: number): void {
    if (!this.has(index)) return;
    this.#bits[index >> 5]! &= ~(1 << (index & 31));
    this.#size--;
    this.#below = Math.min(this.#below, index);
    while (this.#end > 0 && !this.has(this.#end - 1)) this.#end--;
  }

  #grow(): void {
    const bits = new Uint32Array(2 ** Math.ceil(Math.log2((this.#end >> 5) + 2)));
    bits.set(this.#bits);
    this.#bits = bits;
  }
}
