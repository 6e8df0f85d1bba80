import { type Frame, MAX_ARRAY, MAX_CODES, MAX_NODES, MAX_REPEATED, OP } from './frame.ts';

/** Room for the codes that are written before the bound is noticed. */
const SPARE_CODES = 8;

/** Collects flat payloads into a frame. One writer is used over and over; its buffers grow and stay. */
export class FrameWriter {
  private codes = new Int32Array(4 * MAX_CODES);
  private length = 0;
  private readonly double = new Float64Array(1);
  private readonly halves = new Int32Array(this.double.buffer);
  private strings: string[] = [];
  /** The string last seen at each place of a payload; what says the same thing again is not sent again. */
  private readonly repeated = new Int32Array(MAX_CODES + SPARE_CODES);
  private shapes: string[][] = [];
  /** The shape last seen at each depth: payloads of one kind look alike. */
  private predicted: number[] = [];
  /** The objects of the payload that is being written. */
  private readonly nodes: (object | undefined)[] = new Array(MAX_NODES).fill(undefined);
  private nodeCount = 0;
  private start = 0;
  private characterCount = 0;

  /** Characters written since the last `take`; what bounds a frame's size. */
  get characters(): number {
    return this.characterCount;
  }

  /** Adds one payload. Returns false, and leaves the frame as it was, if the payload is not flat. */
  append(value: unknown): boolean {
    const length = this.length;
    const stringCount = this.strings.length;
    const shapeCount = this.shapes.length;
    const characters = this.characterCount;
    this.start = length;
    this.nodeCount = 0;
    if (this.codes.length - length < MAX_CODES + SPARE_CODES) this.grow();
    let flat = false;
    try {
      flat = this.value(value, 0);
    } finally {
      // Also when a getter throws.
      if (!flat) {
        this.length = length;
        this.strings.length = stringCount;
        this.shapes.length = shapeCount;
        this.characterCount = characters;
        this.nodes.fill(undefined);
      }
    }
    return flat;
  }

  /** Drops what was appended since the last frame. */
  discard(): void {
    if (this.length === 0) return;
    this.length = 0;
    this.strings.length = 0;
    this.shapes.length = 0;
    this.characterCount = 0;
    this.nodes.fill(undefined);
  }

  /** Gives the frame and starts an empty one. Its codes go to the mailbox if they fit. */
  take(mailbox: Int32Array): Frame {
    const { length, strings, shapes } = this;
    let codes: Int32Array | undefined;
    if (length > mailbox.length) codes = this.codes.slice(0, length);
    else for (let i = 0; i < length; i++) mailbox[i] = this.codes[i]!;
    const frame: Frame = {
      ...(codes && { codes }),
      ...(strings.length > 0 && { strings }),
      ...(shapes.length > 0 && { shapes }),
    };
    this.length = 0;
    this.characterCount = 0;
    this.nodes.fill(undefined);
    if (strings.length > 0) this.strings = [];
    if (shapes.length > 0) {
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
    this.codes[this.length++] = code;
    return this.length - this.start <= MAX_CODES;
  }

  /** A payload writes at most so many codes; with room for them made before, none has to look. */
  private grow(): void {
    const grown = new Int32Array(this.codes.length * 2);
    grown.set(this.codes);
    this.codes = grown;
  }

  private number(value: number): boolean {
    const int = value | 0;
    if (int === value && (int !== 0 || 1 / value > 0)) {
      this.op(OP.INT);
      return this.op(int);
    }
    this.op(OP.NUMBER);
    return this.eightBytes(value);
  }

  private eightBytes(value: number): boolean {
    this.double[0] = value;
    this.op(this.halves[0]!);
    return this.op(this.halves[1]!);
  }

  private string(value: string): boolean {
    const { strings } = this;
    if (value.length <= MAX_REPEATED) {
      const place = this.length - this.start;
      const last = this.repeated[place];
      // What stands there may be of an earlier frame; then it is simply another string, or none.
      if (strings[last!] === value) return this.op(OP.STRING + last!);
      this.repeated[place] = strings.length;
    }
    this.characterCount += value.length;
    return this.op(OP.STRING + strings.push(value) - 1);
  }

  private object(value: object, depth: number): boolean {
    const { nodes, nodeCount } = this;
    for (let i = 0; i < nodeCount; i++) if (nodes[i] === value) return false;
    if (nodeCount === MAX_NODES) return false;
    nodes[nodeCount] = value;
    this.nodeCount = nodeCount + 1;
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype && !isPolluted())
      return this.plain(value as Record<string, unknown>, depth);
    if (prototype === Array.prototype) return Array.isArray(value) && this.array(value, depth);
    if (prototype === Date.prototype && Object.keys(value).length === 0) return this.date(value as Date);
    return false;
  }

  private date(value: Date): boolean {
    // Throws for what only claims to be a date; append() then says that it is not flat.
    const timeMs = Date.prototype.getTime.call(value);
    this.op(OP.DATE);
    return this.eightBytes(timeMs);
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
      // Cannot be set by assignment.
      if (keys === undefined || keys[count] !== key) {
        if (key === '__proto__') return false;
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
    this.codes[shapeAt] = shape;
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

const NO_KEYS = {};

/** Whether every plain object seems to have keys that it does not have, because somebody gave them to its prototype. */
function isPolluted(): boolean {
  for (const _ in NO_KEYS) return true;
  return false;
}
