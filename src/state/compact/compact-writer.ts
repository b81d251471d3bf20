/**
 * Encodes small plain values for the store: exactly what a structured clone of them would keep. What it does not take it
 * leaves to `v8.serialize`, and then the whole value, so that an object that is met twice stays one.
 */

import { mapEntries, mapSize, setEntries, setSize, timeOf } from '../intrinsics.ts';
import { isLiteral, KIND, type KindOf } from '../kinds.ts';
import { areSame, KeyCache } from './key-cache.ts';
import { REPEATED_TEXT_MIN, REPEATED_TEXTS, TAG } from './tags.ts';

/** What is larger the engine writes faster: but for lists of objects that look alike, each of which adds to it. */
const SCRATCH_BYTES = 16 * 1024;
const BYTES_PER_TWIN = 32;
/** Longer lists and records are the engine's at once; lists of objects may have more. */
const ENTRIES_MAX = 256;
const OBJECTS_MAX = 16 * 1024;
/** Nested deeper than this, the engine walks it: by its own stack, and with an error at its end. */
const DEPTH_MAX = 500;
/** Longer texts are copied by the engine at once, which knows how they lie; here each character is looked at. */
const TEXT_MAX = 1024;
/** Texts up to this length are written by a loop; beyond, the call into the engine pays. */
const TEXT_BY_LOOP = 32;
/** Objects of a value up to this number are found by looking at each; more have a Map. */
const LISTED_OBJECTS = 8;
/** So many of the latest shapes are compared with. */
const SHAPES_COMPARED = 8;
/** Views on the scratch up to this length are kept for the next value of that length. */
const KEPT_VIEWS = 512;

export class CompactWriter {
  readonly #kindOf: KindOf;
  #bytes = Buffer.alloc(0);
  #data = new DataView(this.#bytes.buffer);
  #views: (Uint8Array | undefined)[] = [];
  #length = 0;
  #depth = 0;
  #isBusy = false;
  /** Objects of this value by their numbers. */
  readonly #listed: (object | undefined)[] = new Array(LISTED_OBJECTS).fill(undefined);
  #seen: Map<object, number> | undefined;
  #count = 0;
  #shapes: (readonly string[])[] = [];
  readonly #texts: string[] = new Array(REPEATED_TEXTS).fill('');
  #textCount = 0;
  /** Objects with the keys of one before. */
  #twins = 0;
  readonly #keys = new KeyCache();

  constructor(kindOf: KindOf) {
    this.#kindOf = kindOf;
    this.#setMemory(SCRATCH_BYTES);
  }

  /** The bytes of a value, until the next one is encoded; undefined for a value that the engine must write. */
  encode(value: unknown): Uint8Array | undefined {
    // A getter inside of a value may put another one.
    if (this.#isBusy) return undefined;
    this.#isBusy = true;
    this.#length = 0;
    this.#depth = 0;
    this.#twins = 0;
    try {
      return this.#write(value) ? this.#view() : undefined;
    } catch {
      // A getter threw, which the engine says in its own words; or the value is large.
      return undefined;
    } finally {
      this.#isBusy = false;
      this.#forget();
    }
  }

  #forget(): void {
    if (this.#textCount > 0) {
      this.#texts.fill('');
      this.#textCount = 0;
    }
    if (this.#count > 0) {
      const listed = Math.min(this.#count, LISTED_OBJECTS);
      for (let number = 0; number < listed; number++) this.#listed[number] = undefined;
      this.#seen = undefined;
      this.#count = 0;
      if (this.#shapes.length > 0) this.#shapes = [];
    }
    // The view that was given out keeps its memory.
    if (this.#bytes.byteLength > SCRATCH_BYTES) this.#setMemory(SCRATCH_BYTES);
  }

  #view(): Uint8Array {
    const length = this.#length;
    if (length >= KEPT_VIEWS) return this.#bytes.subarray(0, length);
    this.#views[length] ??= this.#bytes.subarray(0, length);
    return this.#views[length];
  }

  /** Appends a value; false when it must be left to the engine. */
  #write(value: unknown): boolean {
    switch (typeof value) {
      case 'number':
        return this.#writeNumber(value);
      case 'string':
        return this.#writeString(value);
      case 'boolean':
        return this.#tag(value ? TAG.TRUE : TAG.FALSE);
      case 'undefined':
        return this.#tag(TAG.UNDEFINED);
      case 'object':
        return value === null ? this.#tag(TAG.NULL) : this.#writeObject(value);
      case 'bigint':
        return this.#writeBigInt(value);
      default:
        return false;
    }
  }

  #writeNumber(value: number): boolean {
    this.#reserve(9);
    const whole = value | 0;
    if (whole === value && (whole !== 0 || 1 / value > 0)) {
      this.#bytes[this.#length++] = TAG.INT;
      this.#varint((whole << 1) ^ (whole >> 31));
    } else {
      this.#bytes[this.#length++] = TAG.DOUBLE;
      this.#data.setFloat64(this.#length, value, true);
      this.#length += 8;
    }
    return true;
  }

  #writeBigInt(value: bigint): boolean {
    if (BigInt.asIntN(64, value) !== value) return false;
    this.#reserve(9);
    this.#bytes[this.#length++] = TAG.BIGINT;
    this.#data.setBigInt64(this.#length, value, true);
    this.#length += 8;
    return true;
  }

  #writeString(text: string): boolean {
    if (text.length < REPEATED_TEXT_MIN) return this.#writeText(text);
    const place = this.#texts.indexOf(text);
    if (place >= 0) return this.#tagged(TAG.TEXT_AGAIN, place);
    this.#texts[this.#textCount++ & (REPEATED_TEXTS - 1)] = text;
    return this.#writeText(text);
  }

  #writeText(text: string): boolean {
    const { length } = text;
    if (length > TEXT_MAX) return false;
    this.#reserve(6 + length * 2);
    const bytes = this.#bytes;
    const start = this.#length;
    this.#length = start + 1;
    this.#varint(length);
    if (length > TEXT_BY_LOOP) {
      const encoding = isLatin(text) ? 'latin1' : 'utf16le';
      bytes[start] = encoding === 'latin1' ? TAG.LATIN : TAG.WIDE;
      this.#length += bytes.write(text, this.#length, encoding);
      return true;
    }
    bytes[start] = TAG.LATIN;
    const first = this.#length;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0xff) {
        bytes[start] = TAG.WIDE;
        this.#length += bytes.write(text, first, 'utf16le');
        return true;
      }
      bytes[first + index] = code;
    }
    this.#length = first + length;
    return true;
  }

  #writeObject(value: object): boolean {
    const again = this.#numberOf(value);
    if (again !== undefined) return this.#tagged(TAG.AGAIN, again);
    if (this.#depth >= DEPTH_MAX) return false;
    this.#depth++;
    const isTaken = this.#writeKind(value);
    this.#depth--;
    return isTaken;
  }

  #writeKind(value: object): boolean {
    switch (this.#kindOf(value)) {
      case KIND.ORDINARY:
        return isLiteral(value) && this.#writeEntries(value, Object.keys(value));
      case KIND.ARRAY:
        return this.#writeArray(value as readonly unknown[]);
      case KIND.DATE:
        return this.#writeDate(value as Date);
      case KIND.MAP:
        return this.#writeMap(value as ReadonlyMap<unknown, unknown>);
      case KIND.SET:
        return this.#writeSet(value as ReadonlySet<unknown>);
      default:
        return false;
    }
  }

  #writeArray(values: readonly unknown[]): boolean {
    const { length } = values;
    if (length > ENTRIES_MAX && (length > OBJECTS_MAX || typeof values[0] !== 'object')) return false;
    // Further properties, and most holes.
    if (Object.keys(values).length !== length) return false;
    this.#tagged(TAG.ARRAY, length);
    for (let index = 0; index < length; index++) {
      const value = values[index];
      if (value === undefined && !Object.hasOwn(values, index)) return false;
      if (!this.#write(value)) return false;
    }
    // A getter may have changed it.
    return values.length === length;
  }

  #writeEntries(object: object, keys: readonly string[]): boolean {
    const value = object as { readonly [key: string]: unknown };
    if (keys.length > ENTRIES_MAX) return false;
    const shape = this.#shapeOf(keys);
    if (shape === undefined) {
      if (!this.#writeKeys(keys)) return false;
      this.#shapes.push(keys);
    } else {
      this.#tagged(TAG.SHAPED, shape);
      this.#twins++;
    }
    for (const key of keys) {
      const entry = value[key];
      // A getter may have deleted it.
      if (entry === undefined && !Object.hasOwn(value, key)) return false;
      if (!this.#write(entry)) return false;
    }
    return true;
  }

  #writeKeys(keys: readonly string[]): boolean {
    const known = this.#keys.find(keys);
    if (known !== undefined) {
      const { length } = known;
      this.#reserve(length);
      for (let index = 0; index < length; index++) this.#bytes[this.#length++] = known[index]!;
      return true;
    }
    const start = this.#length;
    this.#tag(TAG.OBJECT);
    // In place of the size, which is not known yet.
    this.#tagged(0, keys.length);
    for (const key of keys) if (!this.#writeText(key)) return false;
    const sizeBytes = this.#length - start - 2;
    if (sizeBytes > 0xff) return true;
    this.#bytes[start + 1] = sizeBytes;
    this.#keys.keep(keys, this.#bytes.subarray(start, this.#length));
    return true;
  }

  #shapeOf(keys: readonly string[]): number | undefined {
    const shapes = this.#shapes;
    const end = Math.max(0, shapes.length - SHAPES_COMPARED);
    for (let shape = shapes.length - 1; shape >= end; shape--)
      if (areSame(shapes[shape]!, keys)) return shape;
    return undefined;
  }

  #writeDate(value: Date): boolean {
    this.#reserve(9);
    this.#bytes[this.#length++] = TAG.DATE;
    this.#data.setFloat64(this.#length, timeOf(value), true);
    this.#length += 8;
    return true;
  }

  #writeMap(value: ReadonlyMap<unknown, unknown>): boolean {
    if (mapSize(value) > ENTRIES_MAX) return false;
    const entries = mapEntries(value);
    return this.#tagged(TAG.MAP, entries.length / 2) && this.#writeAll(entries);
  }

  #writeSet(value: ReadonlySet<unknown>): boolean {
    if (setSize(value) > ENTRIES_MAX) return false;
    const entries = setEntries(value);
    return this.#tagged(TAG.SET, entries.length) && this.#writeAll(entries);
  }

  #writeAll(values: readonly unknown[]): boolean {
    for (const value of values) if (!this.#write(value)) return false;
    return true;
  }

  #tag(tag: number): boolean {
    this.#reserve(1);
    this.#bytes[this.#length++] = tag;
    return true;
  }

  #tagged(tag: number, number: number): boolean {
    this.#reserve(6);
    this.#bytes[this.#length++] = tag;
    this.#varint(number);
    return true;
  }

  /** 32 bits, seven to a byte, of which the caller has reserved five. */
  #varint(number: number): void {
    let rest = number;
    while ((rest & ~0x7f) !== 0) {
      this.#bytes[this.#length++] = rest | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** The number of an object that was begun before; a new one gets the next. */
  #numberOf(value: object): number | undefined {
    const listed = this.#listed;
    const count = Math.min(this.#count, LISTED_OBJECTS);
    for (let number = 0; number < count; number++) if (listed[number] === value) return number;
    if (this.#count < LISTED_OBJECTS) {
      listed[this.#count++] = value;
      return undefined;
    }
    this.#seen ??= new Map();
    const known = this.#seen.get(value);
    if (known === undefined) this.#seen.set(value, this.#count++);
    return known;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.byteLength) return;
    const most = SCRATCH_BYTES + this.#twins * BYTES_PER_TWIN;
    if (this.#length + bytes > most) throw new RangeError('the value is large');
    const written = this.#bytes.subarray(0, this.#length);
    this.#setMemory(2 ** Math.ceil(Math.log2(this.#length + bytes)) * 2);
    this.#bytes.set(written);
  }

  #setMemory(sizeBytes: number): void {
    const memory = new ArrayBuffer(sizeBytes);
    this.#bytes = Buffer.from(memory);
    this.#data = new DataView(memory);
    this.#views = [];
  }
}

function isLatin(text: string): boolean {
  // The engine counts faster.
  if (Buffer.byteLength(text) === text.length) return true;
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0xff) return false;
  return true;
}
