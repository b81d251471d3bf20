/**
 * Encodes values for messages between threads, as a structured clone would take them. Common values are written by this
 * walker, because `v8.serialize` takes longer for a small object than a whole call may; what it does not know goes there.
 */
import { serialize } from 'node:v8';
import { UnstorableValueError } from '../errors.ts';
import { mapEntries, setEntries, timeOf } from '../intrinsics.ts';
import { isLiteral, KIND, type KindOf } from '../kinds.ts';
import { bytesOf, formatOf, isStorableView, type StorableView } from '../value-format.ts';
import { TAG } from './tags.ts';

/** What a writer asks for values that are not plain data. */
export interface PayloadWriterHost {
  /** Keeps the bytes of a big view elsewhere; the number by which the reader's host finds them. */
  attach(view: StorableView): number;
  /** What stands for an object of the host's; undefined: it is not one. */
  replace(value: object): readonly [kind: number, standIn: unknown] | undefined;
  readonly kindOf: KindOf;
  /** Views from this size on are attached. */
  readonly outOfBandBytes: number;
}

/** Messages stand one behind the other in chunks of this size: most are a few words, which need no memory of their own. */
const CHUNK_BYTES = 8192;
/** With less room than this left a chunk is full. */
const LEAST_ROOM_BYTES = 64;
/** Nested deeper than this, a value goes to `v8.serialize`, which refuses by an error and not by an overflow. */
const DEPTH_MAX = 500;
/** Strings up to this length are written by a loop; beyond, the call into the engine pays. */
const SHORT_STRING = 32;
const WORD_BYTES = 4;

export class PayloadWriter {
  readonly #host: PayloadWriterHost;
  /** The chunk that is being written. */
  #bytes = new Uint8Array(CHUNK_BYTES);
  /** Its length: the arrays' own is a property of the engine, which costs more than a field. */
  #roomBytes = CHUNK_BYTES;
  #words = new Int32Array(this.#bytes.buffer);
  #data = new DataView(this.#bytes.buffer);
  #buffer = Buffer.from(this.#bytes.buffer);
  /** Where the message begins: at a whole word. */
  #start = 0;
  /** Where it ends. */
  #length = 0;
  #depth = 0;
  /** Objects of this message by their numbers; a Map only from the second one on. */
  #first: object | undefined;
  #seen: Map<object, number> | undefined;
  #count = 0;

  constructor(host: PayloadWriterHost) {
    this.#host = host;
  }

  /** Begins a message, in place of the last one unless that was kept. */
  begin(): void {
    // One that has grown for a big message is not kept for small ones, which would keep it.
    if (this.#start + LEAST_ROOM_BYTES > this.#roomBytes || this.#roomBytes > CHUNK_BYTES) {
      this.#start = 0;
      this.#use(new Uint8Array(CHUNK_BYTES));
    }
    this.#length = this.#start;
    this.#depth = 0;
    this.#first = undefined;
    this.#seen = undefined;
    this.#count = 0;
  }

  /** Lets go of the values that it has written: the next message may be long in coming. */
  end(): void {
    this.#first = undefined;
    this.#seen = undefined;
  }

  /** Bytes written. */
  get byteLength(): number {
    return this.#length - this.#start;
  }

  /** The bytes, until the next message. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#length);
  }

  /** The chunk that has the message: {@link wordCount} words from {@link firstWord} on, the last filled up with whatever was there. */
  get words(): Int32Array {
    return this.#words;
  }

  get firstWord(): number {
    return this.#start / WORD_BYTES;
  }

  get wordCount(): number {
    return Math.ceil((this.#length - this.#start) / WORD_BYTES);
  }

  /** The message stays where it is: the next one is written behind it. To be called behind looks at its place. */
  keep(): void {
    this.#start = Math.ceil(this.#length / WORD_BYTES) * WORD_BYTES;
  }

  /** Appends a value. Throws `UnstorableValueError`; then the message cannot be used, the writer can. */
  write(value: unknown): void {
    switch (typeof value) {
      case 'number':
        this.#writeNumber(value);
        return;
      case 'string':
        this.#writeString(value);
        return;
      case 'boolean':
        this.#tag(value ? TAG.TRUE : TAG.FALSE);
        return;
      case 'undefined':
        this.#tag(TAG.UNDEFINED);
        return;
      case 'bigint':
        this.#writeSized(TAG.BIGINT, Buffer.from(value.toString(), 'latin1'));
        return;
      case 'object':
        value === null ? this.#tag(TAG.NULL) : this.#writeObject(value);
        return;
      default:
        throw new UnstorableValueError(`a ${typeof value} cannot be sent to another thread`, {
          type: typeof value,
        });
    }
  }

  #writeNumber(value: number): void {
    this.#reserve(9);
    if ((value | 0) === value && !Object.is(value, -0)) {
      this.#bytes[this.#length++] = TAG.INT;
      this.#data.setInt32(this.#length, value, true);
      this.#length += 4;
    } else {
      this.#bytes[this.#length++] = TAG.DOUBLE;
      this.#data.setFloat64(this.#length, value, true);
      this.#length += 8;
    }
  }

  #writeString(text: string): void {
    const { length } = text;
    this.#reserve(5 + length * 2);
    const start = this.#length;
    if (length <= SHORT_STRING) {
      const bytes = this.#bytes;
      let index = start + 5;
      let code = 0;
      for (let at = 0; at < length; at++) {
        code = text.charCodeAt(at);
        if (code > 0xff) break;
        bytes[index++] = code;
      }
      if (code <= 0xff) {
        this.#endString(TAG.LATIN, length, index);
        return;
      }
    } else if (isLatin(text)) {
      this.#endString(TAG.LATIN, length, start + 5 + this.#buffer.write(text, start + 5, 'latin1'));
      return;
    }
    this.#endString(TAG.WIDE, length, start + 5 + this.#buffer.write(text, start + 5, 'utf16le'));
  }

  #endString(tag: number, length: number, end: number): void {
    this.#bytes[this.#length] = tag;
    this.#data.setUint32(this.#length + 1, length, true);
    this.#length = end;
  }

  #writeObject(value: object): void {
    const again = this.#numberOf(value);
    if (again !== undefined) {
      this.#tagged(TAG.AGAIN, again);
      return;
    }
    if (this.#depth >= DEPTH_MAX) {
      this.#writeSerialised(value);
      return;
    }
    this.#depth++;
    this.#writeKind(value);
    this.#depth--;
  }

  #writeKind(value: object): void {
    switch (this.#host.kindOf(value)) {
      case KIND.ORDINARY:
        if (isLiteral(value)) this.#writeEntries(value);
        else this.#writeOther(value);
        break;
      case KIND.ARRAY:
        this.#writeArray(value as readonly unknown[]);
        break;
      case KIND.DATE:
        this.#writeDate(value as Date);
        break;
      case KIND.MAP:
        this.#writeMap(value as ReadonlyMap<unknown, unknown>);
        break;
      case KIND.SET:
        this.#writeSet(value as ReadonlySet<unknown>);
        break;
      default:
        this.#writeOther(value);
    }
  }

  #writeArray(values: readonly unknown[]): void {
    // Holes and further properties are kept by the engine's own way only.
    const keys = Object.keys(values);
    // Indices come first: with as many further properties as holes the last key is none.
    const isDense =
      keys.length === values.length && (keys.length === 0 || keys.at(-1) === `${keys.length - 1}`);
    if (!isDense) {
      this.#writeSerialised(values);
      return;
    }
    this.#tagged(TAG.ARRAY, values.length);
    for (const value of values) this.write(value);
  }

  #writeEntries(object: object): void {
    const value = object as { readonly [key: string]: unknown };
    const keys = Object.keys(value);
    this.#tagged(TAG.OBJECT, keys.length);
    for (const key of keys) {
      this.#writeString(key);
      this.write(value[key]);
    }
  }

  #writeOther(value: object): void {
    const replaced = this.#host.replace(value);
    if (replaced !== undefined) {
      this.#reserve(2);
      this.#bytes[this.#length++] = TAG.HOSTED;
      this.#bytes[this.#length++] = replaced[0];
      this.write(replaced[1]);
      return;
    }
    if (isStorableView(value)) {
      this.#writeView(value);
      return;
    }
    this.#writeSerialised(value);
  }

  #writeDate(value: Date): void {
    this.#reserve(9);
    this.#bytes[this.#length++] = TAG.DATE;
    this.#data.setFloat64(this.#length, timeOf(value), true);
    this.#length += 8;
  }

  #writeMap(value: ReadonlyMap<unknown, unknown>): void {
    const entries = mapEntries(value);
    this.#tagged(TAG.MAP, entries.length / 2);
    for (const entry of entries) this.write(entry);
  }

  #writeSet(value: ReadonlySet<unknown>): void {
    const entries = setEntries(value);
    this.#tagged(TAG.SET, entries.length);
    for (const entry of entries) this.write(entry);
  }

  #writeView(value: StorableView): void {
    const bytes = bytesOf(value);
    if (bytes.byteLength >= this.#host.outOfBandBytes) {
      this.#tagged(TAG.ATTACHED, this.#host.attach(value));
      return;
    }
    this.#reserve(6 + bytes.byteLength);
    this.#bytes[this.#length++] = TAG.VIEW;
    this.#bytes[this.#length++] = formatOf(value);
    this.#data.setUint32(this.#length, bytes.byteLength, true);
    this.#length += 4;
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.byteLength;
  }

  #writeSerialised(value: object): void {
    if (value instanceof Promise) throw unstorable(value);
    try {
      this.#writeSized(TAG.SERIALISED, serialize(value));
    } catch (cause) {
      throw unstorable(value, cause);
    }
  }

  #writeSized(tag: number, bytes: Uint8Array): void {
    this.#tagged(tag, bytes.byteLength);
    this.#reserve(bytes.byteLength);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.byteLength;
  }

  #tag(tag: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = tag;
  }

  #tagged(tag: number, number: number): void {
    this.#reserve(5);
    this.#bytes[this.#length] = tag;
    this.#data.setUint32(this.#length + 1, number, true);
    this.#length += 5;
  }

  /** The number of an object that was begun before; a new one gets the next. */
  #numberOf(value: object): number | undefined {
    if (this.#count === 0) {
      this.#first = value;
      this.#count = 1;
      return undefined;
    }
    if (value === this.#first) return 0;
    this.#seen ??= new Map();
    const known = this.#seen.get(value);
    if (known === undefined) this.#seen.set(value, this.#count++);
    return known;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes > this.#roomBytes) this.#grow(bytes);
  }

  /** The message goes on in a bigger chunk of its own; those before it keep the old one. */
  #grow(bytes: number): void {
    const length = this.#length - this.#start;
    const grown = new Uint8Array(Math.max(CHUNK_BYTES, 2 ** Math.ceil(Math.log2(length + bytes)) * 2));
    grown.set(this.#bytes.subarray(this.#start, this.#length));
    this.#start = 0;
    this.#length = length;
    this.#use(grown);
  }

  #use(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes;
    this.#roomBytes = bytes.byteLength;
    this.#words = new Int32Array(bytes.buffer);
    this.#data = new DataView(bytes.buffer);
    this.#buffer = Buffer.from(bytes.buffer);
  }
}

function isLatin(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0xff) return false;
  return true;
}

function unstorable(value: object, cause?: unknown): UnstorableValueError {
  // Generators, among others, have a constructor without a name.
  const type = value.constructor?.name || Object.prototype.toString.call(value).slice('[object '.length, -1);
  const reason = cause instanceof Error ? `: ${cause.message}` : '';
  const article = /^[aeiou]/i.test(type) ? 'an' : 'a';
  return new UnstorableValueError(
    `${article} ${type} cannot be sent to another thread${reason}`,
    { type },
    { cause },
  );
}
