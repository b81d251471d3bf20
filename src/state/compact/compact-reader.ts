/** Decodes what {@link CompactWriter} wrote. */
import { InvariantError } from '../errors.ts';
import { defineOwn } from '../own-property.ts';
import { CACHED_TEXT_MAX, TextCache } from '../text-cache.ts';
import { ShapeCache } from './shape-cache.ts';
import { REPEATED_TEXT_MIN, REPEATED_TEXTS, TAG } from './tags.ts';

/** Up to this size, bytes are copied to where views on them stand ready. */
const SCRATCH_BYTES = 16 * 1024;
/** Lists of a value's parts that have grown beyond this are not kept. */
const LISTS_KEPT = 64;

export class CompactReader {
  /** Where small values are copied to, for {@link CompactReader.decodeScratch}. */
  readonly scratch = new ArrayBuffer(SCRATCH_BYTES);
  readonly #scratchBytes = Buffer.from(this.scratch);
  readonly #scratchData = new DataView(this.scratch);
  readonly #cache = new TextCache();
  readonly #known = new ShapeCache();
  #bytes = this.#scratchBytes;
  #data = this.#scratchData;
  #at = 0;
  #end = 0;
  /** Objects of this value, by their numbers; and the keys of its shapes, by theirs. */
  #objects: unknown[] = [];
  #objectCount = 0;
  #shapes: (readonly string[])[] = [];
  #shapeCount = 0;
  /** Those of them with a key that all objects inherit: to assign it may not be to define it. */
  #inherited: (readonly string[])[] = [];
  readonly #texts: string[] = new Array(REPEATED_TEXTS).fill('');
  #textCount = 0;

  /** The value that was written into a window. Throws `InvariantError` for bytes that no writer wrote. */
  decode(window: ArrayBuffer): unknown {
    this.#bytes = Buffer.from(window);
    this.#data = new DataView(window);
    try {
      return this.#readWhole(window.byteLength);
    } finally {
      this.#bytes = this.#scratchBytes;
      this.#data = this.#scratchData;
    }
  }

  /** The value whose bytes were copied to the scratch. */
  decodeScratch(byteLength: number): unknown {
    return this.#readWhole(byteLength);
  }

  #readWhole(byteLength: number): unknown {
    this.#at = 0;
    this.#end = byteLength;
    this.#textCount = 0;
    try {
      const value = this.#read();
      if (this.#at !== this.#end) throw new InvariantError('a stored value does not end with its bytes');
      return value;
    } finally {
      if (this.#objectCount > 0) this.#forget();
    }
  }

  /** Lets go of what was read: the next value may be long in coming. */
  #forget(): void {
    if (this.#objects.length > LISTS_KEPT) this.#objects = [];
    else for (let number = 0; number < this.#objectCount; number++) this.#objects[number] = undefined;
    if (this.#shapes.length > LISTS_KEPT) this.#shapes = [];
    if (this.#inherited.length > 0) this.#inherited = [];
    this.#objectCount = 0;
    this.#shapeCount = 0;
  }

  #read(): unknown {
    const tag = this.#bytes[this.#skip(1)]!;
    switch (tag) {
      case TAG.UNDEFINED:
        return undefined;
      case TAG.NULL:
        return null;
      case TAG.FALSE:
        return false;
      case TAG.TRUE:
        return true;
      case TAG.INT: {
        const zigzag = this.#varint();
        return (zigzag >>> 1) ^ -(zigzag & 1);
      }
      case TAG.DOUBLE:
        return this.#data.getFloat64(this.#skip(8), true);
      case TAG.BIGINT:
        return this.#data.getBigInt64(this.#skip(8), true);
      case TAG.LATIN:
      case TAG.WIDE:
        return this.#remember(this.#readText(tag));
      case TAG.TEXT_AGAIN:
        return this.#texts[this.#varint()];
      case TAG.AGAIN:
        return this.#objects[this.#varint()];
      default:
        return this.#readObject(tag);
    }
  }

  #remember(text: string): string {
    if (text.length >= REPEATED_TEXT_MIN) this.#texts[this.#textCount++ & (REPEATED_TEXTS - 1)] = text;
    return text;
  }

  #readText(tag: number): string {
    const length = this.#varint() >>> 0;
    if (tag === TAG.WIDE) {
      const start = this.#skip(length * 2);
      return this.#bytes.toString('utf16le', start, start + length * 2);
    }
    const start = this.#skip(length);
    return length <= CACHED_TEXT_MAX
      ? this.#cache.textAt(this.#bytes, start, length)
      : this.#bytes.toString('latin1', start, start + length);
  }

  #readObject(tag: number): unknown {
    switch (tag) {
      case TAG.OBJECT:
        return this.#readEntries(this.#readShape());
      case TAG.SHAPED: {
        const number = this.#varint();
        const shape = this.#shapes[number];
        if (shape === undefined || number >= this.#shapeCount)
          throw new InvariantError('a stored value has an unknown shape');
        return this.#readEntries(shape);
      }
      case TAG.ARRAY: {
        const values: unknown[] = [];
        this.#objects[this.#objectCount++] = values;
        for (let left = this.#count(1); left > 0; left--) values.push(this.#read());
        return values;
      }
      case TAG.MAP: {
        const map = new Map<unknown, unknown>();
        this.#objects[this.#objectCount++] = map;
        for (let left = this.#count(2); left > 0; left--) map.set(this.#read(), this.#read());
        return map;
      }
      case TAG.SET: {
        const set = new Set<unknown>();
        this.#objects[this.#objectCount++] = set;
        for (let left = this.#count(1); left > 0; left--) set.add(this.#read());
        return set;
      }
      case TAG.DATE: {
        const date = new Date(this.#data.getFloat64(this.#skip(8), true));
        this.#objects[this.#objectCount++] = date;
        return date;
      }
      default:
        throw new InvariantError(`a stored value has the unknown tag ${tag}`, { tag });
    }
  }

  #readShape(): readonly string[] {
    const sizeBytes = this.#bytes[this.#skip(1)]!;
    const start = this.#at;
    let keys: readonly string[] | undefined;
    if (sizeBytes === 0 || start + sizeBytes > this.#end) {
      keys = this.#readKeys();
    } else {
      keys = this.#known.find(this.#bytes, start, sizeBytes);
      if (keys === undefined) {
        keys = this.#readKeys();
        if (!this.#inherited.includes(keys)) this.#known.keep(this.#bytes, start, sizeBytes, keys);
      }
      this.#at = start + sizeBytes;
    }
    this.#shapes[this.#shapeCount++] = keys;
    return keys;
  }

  #readKeys(): readonly string[] {
    const keys: string[] = [];
    for (let left = this.#count(2); left > 0; left--) {
      const tag = this.#bytes[this.#skip(1)]!;
      if (tag !== TAG.LATIN && tag !== TAG.WIDE)
        throw new InvariantError('a key in a stored value is no text');
      keys.push(this.#readText(tag));
    }
    // What all objects of a program inherit may be accessors. Looked at once for keys that come again: each time costs a sixth.
    if (keys.some((key) => key in Object.prototype)) this.#inherited.push(keys);
    return keys;
  }

  #readEntries(keys: readonly string[]): object {
    const value: { [key: string]: unknown } = {};
    this.#objects[this.#objectCount++] = value;
    if (this.#inherited.length > 0 && this.#inherited.includes(keys)) {
      for (const key of keys) defineOwn(value, key, this.#read());
      return value;
    }
    for (let index = 0; index < keys.length; index++) value[keys[index]!] = this.#read();
    return value;
  }

  /** How many values follow, each of at least so many bytes: garbage is not taken for a long list. */
  #count(bytesEach: number): number {
    const count = this.#varint() >>> 0;
    if (count * bytesEach > this.#end - this.#at) {
      throw new InvariantError('a stored value is cut short', { count });
    }
    return count;
  }

  #varint(): number {
    let number = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes[this.#skip(1)]!;
      number |= (byte & 0x7f) << shift;
      if (byte < 0x80) return number;
    }
  }

  #skip(bytes: number): number {
    const at = this.#at;
    this.#at = at + bytes;
    if (this.#at > this.#end) throw new InvariantError('a stored value is cut short', { bytes });
    return at;
  }
}
