import { type Frame, OP } from './frame.ts';

type Plain = Record<string, unknown>;

const UNSET: PropertyDescriptor = { value: undefined, writable: true, enumerable: true, configurable: true };

/** Gives the payloads of a frame, one by one, in the order in which they were appended. */
export class FrameReader {
  private readonly frame: Frame;
  private readonly ops: Int32Array;
  private templates: Plain[] | undefined;
  private at = 0;
  private number = 0;

  constructor(frame: Frame) {
    this.frame = frame;
    this.ops = frame.ops;
  }

  next(): unknown {
    const code = this.ops[this.at++]!;
    if (code >= OP.STRING) return this.frame.strings![code - OP.STRING];
    switch (code) {
      case OP.INT:
        return this.ops[this.at++];
      case OP.NUMBER:
        return this.frame.numbers![this.number++];
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
        return new Date(this.frame.numbers![this.number++]!);
      default:
        return undefined;
    }
  }

  private array(): unknown[] {
    const length = this.ops[this.at++]!;
    const items: unknown[] = [];
    for (let i = 0; i < length; i++) items.push(this.next());
    return items;
  }

  private object(): Plain {
    const shape = this.ops[this.at++]!;
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
