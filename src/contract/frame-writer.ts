import { type Frame, MAX_ARRAY, MAX_NODES, MAX_OPS, MAX_SHORT, OP } from './frame.ts';

/** Collects flat payloads into a frame. One writer is used over and over; its buffers grow and stay. */
export class FrameWriter {
  private ops = new Int32Array(1_024);
  private length = 0;
  private numbers = new Float64Array(64);
  private numberCount = 0;
  private text = '';
  private strings: string[] = [];
  private shapes: string[][] = [];
  /** The shape last seen at each depth: payloads of one kind look alike. */
  private predicted: number[] = [];
  private nodes: object[] = [];
  private start = 0;
  private characterCount = 0;

  /** Characters written since the last `take`; what bounds a frame's size. */
  get characters(): number {
    return this.characterCount;
  }

  /** Adds one payload. Returns false, and leaves the frame as it was, if the payload is not flat. */
  append(value: unknown): boolean {
    const length = this.length;
    const numberCount = this.numberCount;
    const text = this.text;
    const stringCount = this.strings.length;
    const characters = this.characterCount;
    this.start = length;
    let flat = false;
    try {
      flat = this.value(value, 0);
    } finally {
      // Also when a getter throws.
      if (this.nodes.length > 0) this.nodes.length = 0;
      if (!flat) {
        this.length = length;
        this.numberCount = numberCount;
        this.text = text;
        this.strings.length = stringCount;
        this.characterCount = characters;
      }
    }
    return flat;
  }

  /** Gives the frame and starts an empty one. */
  take(): Frame {
    const frame: Frame = {
      ops: this.ops.slice(0, this.length),
      numbers: this.numberCount > 0 ? this.numbers.slice(0, this.numberCount) : undefined,
      text: this.text,
      strings: this.strings.length > 0 ? this.strings : undefined,
      shapes: this.shapes.length > 0 ? this.shapes : undefined,
    };
    this.length = 0;
    this.numberCount = 0;
    this.text = '';
    this.characterCount = 0;
    if (this.strings.length > 0) this.strings = [];
    if (this.shapes.length > 0) {
      this.shapes = [];
      this.predicted = [];
    }
    return frame;
  }

  private value(value: unknown, depth: number): boolean {
    switch (typeof value) {
      case 'number':
        return this.number(value);
      case 'string':
        return this.string(value);
      case 'boolean':
        return this.op(value ? OP.TRUE : OP.FALSE);
      case 'undefined':
        return this.op(OP.UNDEFINED);
      case 'object':
        return value === null ? this.op(OP.NULL) : this.object(value, depth);
      default:
        return false;
    }
  }

  private op(code: number): boolean {
    if (this.length === this.ops.length) {
      const grown = new Int32Array(this.ops.length * 2);
      grown.set(this.ops);
      this.ops = grown;
    }
    this.ops[this.length++] = code;
    return this.length - this.start <= MAX_OPS;
  }

  private number(value: number): boolean {
    const int = value | 0;
    if (int === value && (int !== 0 || 1 / value > 0)) {
      this.op(OP.INT);
      return this.op(int);
    }
    this.pushNumber(value);
    return this.op(OP.NUMBER);
  }

  private pushNumber(value: number): void {
    if (this.numberCount === this.numbers.length) {
      const grown = new Float64Array(this.numbers.length * 2);
      grown.set(this.numbers);
      this.numbers = grown;
    }
    this.numbers[this.numberCount++] = value;
  }

  private string(value: string): boolean {
    const { length } = value;
    this.characterCount += length;
    if (length <= MAX_SHORT) {
      this.text += value;
      return this.op(OP.SHORT + length);
    }
    this.strings.push(value);
    return this.op(OP.LONG);
  }

  private object(value: object, depth: number): boolean {
    const nodes = this.nodes;
    for (let i = 0; i < nodes.length; i++) if (nodes[i] === value) return false;
    if (nodes.length === MAX_NODES) return false;
    nodes.push(value);
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) return this.plain(value as Record<string, unknown>, depth);
    if (prototype === Array.prototype) return Array.isArray(value) && this.array(value, depth);
    if (prototype === Date.prototype && Object.keys(value).length === 0) return this.date(value as Date);
    return false;
  }

  private date(value: Date): boolean {
    // Throws for what only claims to be a date; append() then says that it is not flat.
    this.pushNumber(Date.prototype.getTime.call(value));
    return this.op(OP.DATE);
  }

  private array(value: readonly unknown[], depth: number): boolean {
    const { length } = value;
    // Own keys beside the elements, or holes among them, need the structured clone.
    if (length > MAX_ARRAY || Object.keys(value).length !== length) return false;
    this.op(OP.ARRAY);
    if (!this.op(length)) return false;
    for (let i = 0; i < length; i++) {
      const item = value[i];
      if (item === undefined && !(i in value)) return false;
      if (!this.value(item, depth + 1)) return false;
    }
    return true;
  }

  private plain(value: Record<string, unknown>, depth: number): boolean {
    this.op(OP.OBJECT);
    const shapeAt = this.length;
    if (!this.op(0)) return false;
    let shape = this.predicted[depth] ?? -1;
    let keys = shape < 0 ? undefined : this.shapes[shape];
    let count = 0;
    for (const key in value) {
      // Structured clone takes own keys only, and `__proto__` cannot be set by assignment.
      if (keys === undefined || keys[count] !== key) {
        if (!Object.hasOwn(value, key) || key === '__proto__') return false;
        keys = undefined;
      }
      count++;
      if (!this.value(value[key], depth + 1)) return false;
    }
    if (keys === undefined || keys.length !== count) {
      shape = this.shapeOf(value);
      if (this.shapes[shape]!.length !== count) return false;
      this.predicted[depth] = shape;
    }
    this.ops[shapeAt] = shape;
    return true;
  }

  private shapeOf(value: object): number {
    const keys = Object.keys(value);
    const known = this.shapes.findIndex(
      (shape) => shape.length === keys.length && shape.every((key, i) => key === keys[i]),
    );
    return known >= 0 ? known : this.shapes.push(keys) - 1;
  }
}
