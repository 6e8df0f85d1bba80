import { type Frame, OP } from './frame.ts';

type Plain = Record<string, unknown>;

const DOUBLE = new Float64Array(1);
const HALVES = new Int32Array(DOUBLE.buffer);
const UNSET: PropertyDescriptor = { value: undefined, writable: true, enumerable: true, configurable: true };

/** Gives the payloads of a frame, one by one, in the order in which they were appended. */
export class FrameReader {
  /** Keeps the hidden class, see `Task.kept`. */
  static readonly kept = new FrameReader({}, HALVES);
  private readonly frame: Frame;
  private readonly codes: Int32Array;
  private templates: Plain[] | undefined = undefined;
  private at = 0;

  /** @param mailbox where the codes are if the frame has none of its own. */
  constructor(frame: Frame, mailbox: Int32Array) {
    this.frame = frame;
    this.codes = frame.codes ?? mailbox;
  }

  next(): unknown {
    const code = this.codes[this.at++]!;
    if (code >= OP.STRING) return this.frame.strings![code - OP.STRING];
    switch (code) {
      case OP.INT:
        return this.codes[this.at++];
      case OP.NUMBER:
        return this.eightBytes();
      case OP.TRUE:
        return true;
      case OP.FALSE:
        return false;
      case OP.NULL:
        return null;
      case OP.OBJECT:
        return this.object();
      case OP.ARRAY:
        return this.array();
      case OP.DATE:
        return new Date(this.eightBytes());
      default:
        return undefined;
    }
  }

  private eightBytes(): number {
    HALVES[0] = this.codes[this.at++]!;
    HALVES[1] = this.codes[this.at++]!;
    return DOUBLE[0]!;
  }

  private array(): unknown[] {
    const length = this.codes[this.at++]!;
    // Of the right size from the start: an empty array makes room for 17 items at its first one.
    const items = new Array<unknown>(length);
    for (let i = 0; i < length; i++) items[i] = this.next();
    return items;
  }

  private object(): Plain {
    const shape = this.codes[this.at++]!;
    const keys = this.frame.shapes![shape]!;
    // Copying an object that has all keys, then filling it, avoids one hidden-class transition a key.
    const object = { ...this.template(shape, keys) };
    for (let i = 0; i < keys.length; i++) object[keys[i]!] = this.next();
    return object;
  }

  private template(shape: number, keys: readonly string[]): Plain {
    this.templates ??= [];
    let template = this.templates[shape];
    if (template === undefined) {
      template = {};
      // Defined, not assigned: somebody may have put a setter on the prototype of all objects.
      for (const key of keys) Object.defineProperty(template, key, UNSET);
      this.templates[shape] = template;
    }
    return template;
  }
}
